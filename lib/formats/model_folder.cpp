// The files of a model folder, and which shard holds which tensor.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/safetensors.hpp"
#include "formats/source_file.hpp"
#include "formats/tensor_table.hpp"

namespace hadal {
namespace {

constexpr uint64_t kLargestConfig = 16 << 20;
constexpr uint64_t kLargestIndex = 64 << 20;
constexpr uint64_t kLargestTokenizer = 256 << 20;

std::string read_if_there(Host& host, const std::string& path, uint64_t most) {
  const std::unique_ptr<File> file = open_if_there(host, path);
  return file ? read_text(*file, path, most) : std::string();
}

// null if there is no such file; `text` is set to its text otherwise.
Json parse_if_there(Host& host, const std::string& path, uint64_t most, std::string& text) {
  const std::unique_ptr<File> file = open_if_there(host, path);
  if (!file) return {};
  text = read_text(*file, path, most);
  return parse_json(text, path);
}

using ShardOfTensor = std::unordered_map<std::string, std::string>;

// A shard is a file beside the index; anything that leads elsewhere is refused.
void check_shard_name(const std::string& index_path, const std::string& shard) {
  if (shard.empty() || shard == "." || shard == ".." || shard.find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos)
    throw Error(Status::corrupt, message(quoted(index_path), ": the shard ", quoted(shard), " is not a plain file name"));
}

ShardOfTensor read_index(const std::string& index_path, const Json& index) {
  const Json* map = index.find("weight_map");
  if (!map || !map->as_object())
    throw Error(Status::corrupt, message(quoted(index_path), ": expected an object weight_map"));
  ShardOfTensor shards;
  for (const auto& [tensor, file] : *map->as_object()) {
    if (!file.as_string())
      throw Error(Status::corrupt, message(quoted(index_path), ": expected a file name for ", quoted(tensor)));
    check_shard_name(index_path, *file.as_string());
    shards.emplace(tensor, *file.as_string());
  }
  return shards;
}

// The number format that config.json says the weights are in; bf16, as published models are, if it does not say.
Dtype declared_dtype(const Json& config) {
  const Json* declared = config.find("dtype");
  if (!declared) declared = config.find("torch_dtype");
  const std::string* name = declared ? declared->as_string() : nullptr;
  if (name && *name == "float32") return Dtype::f32;
  if (name && *name == "float16") return Dtype::f16;
  return Dtype::bf16;
}

// The tensors an index names, without bytes or shape. One that has scales is FP8.
void name_tensors(const std::string& index_path, const ShardOfTensor& wanted, Checkpoint& out) {
  const Dtype declared = declared_dtype(out.config);
  for (const auto& [tensor, shard] : wanted) {
    const Dtype dtype = wanted.count(tensor + "_scale_inv") ? Dtype::f8_e4m3 : declared;
    out.tensors.push_back({tensor, dtype, {}, nullptr, 0, -1, 0});
  }
  index_tensors(index_path, out);
}

// Opens every shard of the index, and keeps of each the tensors that the index sends there. If a shard is missing and
// may be, the tensors are only named.
void open_shards(const std::shared_ptr<Host>& host, const std::string& folder, const std::string& index_path,
                 const ShardOfTensor& wanted, bool may_lack_shards, Checkpoint& out) {
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : wanted) shards.insert(shard);
  if (may_lack_shards)
    for (const std::string& shard : shards)
      if (!open_if_there(*host, folder + "/" + shard)) return name_tensors(index_path, wanted, out);
  for (const std::string& shard : shards) {
    const std::string path = folder + "/" + shard;
    const size_t first = out.tensors.size();
    add_source_file(host, path, host->open(path), out);
    parse_safetensors(path, out);
    const auto elsewhere = [&](const StoredTensor& tensor) {
      const auto entry = wanted.find(tensor.name);
      return entry == wanted.end() || entry->second != shard;
    };
    out.tensors.erase(std::remove_if(out.tensors.begin() + ptrdiff_t(first), out.tensors.end(), elsewhere),
                      out.tensors.end());
  }
  index_tensors(index_path, out);
  for (const auto& [tensor, shard] : wanted)
    if (!out.find(tensor))
      throw Error(Status::corrupt, message(quoted(index_path), ": expected the tensor ", quoted(tensor), " in ",
                                           quoted(shard), ", which has none of that name"));
}

// False if the folder has no weights.
bool open_weights(const std::shared_ptr<Host>& host, const std::string& folder, bool may_lack_shards, Checkpoint& out) {
  const std::string single = folder + "/model.safetensors";
  if (std::unique_ptr<File> file = open_if_there(*host, single)) {
    add_source_file(host, single, std::move(file), out);
    parse_safetensors(single, out);
    index_tensors(single, out);
    return true;
  }
  const std::string index_path = folder + "/model.safetensors.index.json";
  std::string text;
  const Json index = parse_if_there(*host, index_path, kLargestIndex, text);
  if (index.is_null()) return false;
  open_shards(host, folder, index_path, read_index(index_path, index), may_lack_shards, out);
  return true;
}

// The folder of the Pooling module, as modules.json names it: a plain name beside it.
std::string pooling_folder(const std::string& path, const std::string& modules_json) {
  if (modules_json.empty()) return "1_Pooling";
  const Json modules = parse_json(modules_json, path);
  if (!modules.as_array()) throw Error(Status::corrupt, message(quoted(path), ": expected a list"));
  for (const Json& module : *modules.as_array()) {
    const Json* type = module.find("type");
    const Json* folder = module.find("path");
    if (!type || !type->as_string() || !type->as_string()->ends_with(".Pooling")) continue;
    if (!folder || !folder->as_string()) break;
    check_shard_name(path, *folder->as_string());
    return *folder->as_string();
  }
  return {};
}

void read_sentence_files(Host& host, const std::string& folder, Checkpoint& out) {
  const auto read = [&](const std::string& name) { return read_if_there(host, folder + "/" + name, kLargestConfig); };
  out.modules_json = read("modules.json");
  if (const std::string pooling = pooling_folder(folder + "/modules.json", out.modules_json); !pooling.empty())
    out.pooling_json = read(pooling + "/config.json");
  out.sentence_json = read("sentence_bert_config.json");
  out.prompts_json = read("config_sentence_transformers.json");
}

}  // namespace

std::shared_ptr<Checkpoint> open_model_folder(const std::shared_ptr<Host>& host, const std::string& folder,
                                              bool tokenizer_only) {
  auto out = std::make_shared<Checkpoint>();
  out->host = host;
  out->container = Checkpoint::Container::safetensors;
  out->config = parse_if_there(*host, folder + "/config.json", kLargestConfig, out->config_text);
  out->tokenizer_json = read_if_there(*host, folder + "/tokenizer.json", kLargestTokenizer);
  if (out->tokenizer_json.empty()) out->vocab_txt = read_if_there(*host, folder + "/vocab.txt", kLargestTokenizer);
  const bool has_tokenizer = !out->tokenizer_json.empty() || !out->vocab_txt.empty();
  if (out->config.is_null() && !(tokenizer_only && has_tokenizer)) return nullptr;
  if (!out->config.is_null() && !out->config.as_object())
    throw Error(Status::corrupt, message(quoted(folder + "/config.json"), ": expected an object"));
  out->generation_config =
      parse_if_there(*host, folder + "/generation_config.json", kLargestConfig, out->generation_config_text);
  out->tokenizer_config_json = read_if_there(*host, folder + "/tokenizer_config.json", kLargestConfig);
  read_sentence_files(*host, folder, *out);
  out->chat_template = read_if_there(*host, folder + "/chat_template.jinja", kLargestConfig);
  if (!open_weights(host, folder, tokenizer_only, *out) && !tokenizer_only)
    throw Error(Status::not_found, message(quoted(folder), ": expected model.safetensors or "
                                           "model.safetensors.index.json beside config.json, found neither"));
  return out;
}

}  // namespace hadal
