// Finds out what a path is: a GGUF file, a model folder, a file in one, or a name in an Ollama store.
#include "formats/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/gguf.hpp"
#include "formats/ollama_store.hpp"
#include "formats/safetensors.hpp"
#include "formats/source_file.hpp"

namespace hadal {
namespace {

// The file at a path, and whether it begins as GGUF; no file if the host cannot open or read it as one.
struct Opened {
  std::unique_ptr<File> file;
  bool is_gguf = false;
  bool absent = false;    // nothing has that path
  std::string failure;    // hosts differ in what they say of a folder, so this is shown only if it is none
};

Opened open_as_file(Host& host, const std::string& path) {
  Opened opened;
  try {
    std::unique_ptr<File> file = host.open(path);
    uint32_t magic = 0;
    if (file->size() >= sizeof magic) file->read(0, std::as_writable_bytes(std::span(&magic, 1)));
    opened.is_gguf = magic == gguf::kMagic;
    opened.file = std::move(file);
  } catch (const Error& error) {
    if (error.status() != Status::not_found && error.status() != Status::io) throw;
    opened.absent = error.status() == Status::not_found;
    opened.failure = error.what();
  }
  return opened;
}

// "folder/model-00001-of-00002.safetensors" or "folder/config.json" -> "folder"; empty for any other file.
std::string folder_of_part(const std::string& path) {
  const auto ends_with = [&](std::string_view ending) {
    return path.size() >= ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
  };
  if (!ends_with(".safetensors") && !ends_with(".json")) return {};
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::shared_ptr<Checkpoint> open_file(const std::shared_ptr<Host>& host, const std::string& path, Opened opened,
                                      bool tokenizer_only) {
  if (opened.is_gguf) return open_gguf_path(host, path, std::move(opened.file));
  if (const std::string folder = folder_of_part(path); !folder.empty())
    if (auto checkpoint = open_model_folder(host, folder, tokenizer_only)) return checkpoint;
  throw Error(Status::corrupt, message(quoted(path), ": expected a GGUF file, a folder with config.json and safetensors, "
                                       "or a model name, found a file of another kind"));
}

[[noreturn]] void fail_not_found(const std::string& path, bool searched, const std::vector<std::string>& stores) {
  std::string places;
  for (const std::string& store : stores) places += message(places.empty() ? "" : " and ", store);
  throw Error(Status::not_found,
              searched ? message(quoted(path), ": no such file or folder, and no model of that name in the Ollama store (",
                                 places, ")")
                       : message(quoted(path), ": no such file or folder"));
}

}  // namespace

const StoredTensor* Checkpoint::find(std::string_view name) const {
  const auto found = tensor_index.find(name);
  return found == tensor_index.end() ? nullptr : &tensors[found->second];
}

std::shared_ptr<Checkpoint> open_checkpoint(const std::shared_ptr<Host>& host, const std::string& path,
                                            bool tokenizer_only) {
  if (path.empty()) throw Error(Status::invalid_argument, "expected the path or name of a model, found an empty text");
  Opened opened = open_as_file(*host, path);
  if (opened.file) return open_file(host, path, std::move(opened), tokenizer_only);
  if (auto checkpoint = open_model_folder(host, path, tokenizer_only)) return checkpoint;
  if (!opened.absent) throw Error(Status::io, message(opened.failure, "; and there is no config.json in it"));

  const bool is_name = is_ollama_name(path);
  const std::vector<std::string> stores = ollama_stores();
  if (is_name)
    if (const std::string blob = find_in_ollama_stores(*host, path, stores); !blob.empty())
      return open_gguf_path(host, blob, host->open(blob));
  fail_not_found(path, is_name, stores);
}

}  // namespace hadal
