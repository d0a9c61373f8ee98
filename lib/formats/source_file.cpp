#include "formats/source_file.hpp"

#include <algorithm>
#include <limits>

#include "core/buffer.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

void add_source_file(const std::shared_ptr<Host>& host, std::string name, std::unique_ptr<File> file, Checkpoint& out) {
  const uint64_t size = file->size();
  if (size > uint64_t(std::numeric_limits<ptrdiff_t>::max()))
    throw Error(Status::unsupported, message(quoted(name), ": ", size, " bytes are more than memory can address"));
  std::span<const std::byte> bytes = file->map();
  if (bytes.size() != size) {
    auto memory = std::make_shared<Buffer>(host, size_t(size), name);
    constexpr uint64_t kStep = uint64_t{64} << 20;   // a failing or slow host is noticed before the end
    for (uint64_t at = 0; at < size; at += kStep)
      file->read(at, {memory->data() + at, size_t(std::min(kStep, size - at))});
    bytes = {memory->data(), memory->size()};
    out.owned.push_back(std::move(memory));
  }
  out.files.push_back({std::move(name), std::move(file), bytes});
}

std::string read_text(const File& file, std::string_view name, uint64_t most) {
  if (file.size() > most)
    throw Error(Status::corrupt, message(quoted(name), ": expected at most ", most, " bytes, found ", file.size()));
  std::string text(size_t(file.size()), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

std::unique_ptr<File> open_if_there(Host& host, const std::string& path) {
  try {
    return host.open(path);
  } catch (const Error& error) {
    if (error.status() == Status::not_found) return nullptr;
    throw;
  }
}

}  // namespace hadal
