// Finds out what a path is.
#include "formats/checkpoint.hpp"

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/source_file.hpp"

namespace hadal {

const StoredTensor* Checkpoint::find(std::string_view name) const {
  const auto found = tensor_index.find(name);
  return found == tensor_index.end() ? nullptr : &tensors[found->second];
}

std::shared_ptr<Checkpoint> open_checkpoint(const std::shared_ptr<Host>& host, const std::string& path, bool) {
  return open_gguf_path(host, path, host->open(path));
}

}  // namespace hadal
