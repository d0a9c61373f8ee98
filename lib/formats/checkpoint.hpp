// A model as it lies on disk, whatever the container: its metadata, its tensor table, and bytes that stay mapped
// as long as the Checkpoint lives. Everything here has been checked: names are unique, every tensor lies inside its
// file, sizes do not overflow. Opening is the border where hostile bytes stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/dtype.hpp"
#include "core/host.hpp"
#include "formats/json.hpp"

namespace hadal {

// One GGUF value. Integers of every width are widened; arrays are typed; strings point into the file.
// Keys and tensor names are UTF-8; string values are whatever bytes the file has.
using MetadataValue = std::variant<bool, int64_t, uint64_t, double, std::string_view, std::vector<bool>,
                                   std::vector<int64_t>, std::vector<float>, std::vector<std::string_view>>;

// The key-value part of a GGUF file, in file order.
class Metadata {
 public:
  const MetadataValue* find(std::string_view key) const;
  // The value in the asked form, if the key is there and fits; a wrong type throws Error(corrupt) naming the key.
  std::optional<int64_t> integer(std::string_view key) const;  // also from a u64 that fits
  std::optional<double> number(std::string_view key) const;    // also from an integer
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string_view> string(std::string_view key) const;
  std::span<const std::string_view> strings(std::string_view key) const;  // empty if absent
  std::span<const int64_t> integers(std::string_view key) const;
  std::span<const float> floats(std::string_view key) const;

  // An array of arrays has been checked but has no form of its own: its entry is an empty array of strings.
  std::vector<std::pair<std::string_view, MetadataValue>> entries;
  std::vector<std::span<const std::byte>> stored;          // each entry as in the file: key, type, value
  std::unordered_map<std::string_view, size_t> index;  // into entries
};

struct StoredTensor {
  std::string name;            // as the file spells it
  Dtype dtype;
  std::vector<int64_t> shape;  // slowest axis first: [out, in]; a GGUF tensor's ne reversed
  const std::byte* data;       // may be unaligned; nullptr and an empty shape if only an index names the tensor
  size_t bytes;
  int32_t file;                // into Checkpoint::files
  uint64_t offset;             // of data in that file
};

struct Checkpoint {
  // Whose names and metadata apply. A GGUF file that holds a model folder (folder_in_gguf.hpp) counts as safetensors.
  enum class Container : uint8_t { gguf, safetensors };

  std::shared_ptr<Host> host;                  // whose files these are: it must outlive them
  Container container;
  Metadata metadata;                           // GGUF only
  Json config;                                 // safetensors: config.json
  Json generation_config;                      // generation_config.json, or null
  std::string config_text, generation_config_text;
  std::string tokenizer_json;                  // the file's text, empty if absent
  std::string tokenizer_config_json;
  std::string vocab_txt;                       // the file's text where there is no tokenizer.json
  std::string modules_json;                    // sentence-transformers: modules.json, empty if absent,
  std::string pooling_json;                    // config.json of its Pooling module,
  std::string sentence_json;                   // sentence_bert_config.json
  std::string prompts_json;                    // and config_sentence_transformers.json
  std::string chat_template;                   // chat_template.jinja beside the weights, empty if absent

  std::vector<StoredTensor> tensors;
  std::unordered_map<std::string_view, size_t> tensor_index;
  const StoredTensor* find(std::string_view name) const;

  struct SourceFile {
    std::string path;
    std::unique_ptr<File> file;
    std::span<const std::byte> bytes;   // the mapping, or memory read because the host cannot map
  };
  std::vector<SourceFile> files;
  std::vector<std::shared_ptr<void>> owned;  // memory behind files that could not be mapped
};

// path: a GGUF file (any part of a split one), a folder with config.json and safetensors, or a model name in the
// local Ollama store ("deepseek-r1:1.5b"). tokenizer_only: a folder holding only tokenizer files, or a config and an
// index without weights, will do; weights that are there are opened all the same. Throws Error(not_found, corrupt,
// unsupported, io).
std::shared_ptr<Checkpoint> open_checkpoint(const std::shared_ptr<Host>& host, const std::string& path,
                                            bool tokenizer_only = false);

// One GGUF file given as memory (a MemoryFile; the memory must outlive the checkpoint) or through read callbacks. A File
// that cannot be mapped is read into memory of the host. `name` stands in errors.
std::shared_ptr<Checkpoint> open_gguf(const std::shared_ptr<Host>& host, std::string name, std::unique_ptr<File> file);

}  // namespace hadal
