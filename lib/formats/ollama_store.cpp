#include "formats/ollama_store.hpp"

#include <algorithm>
#include <optional>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/system.hpp"
#include "formats/json.hpp"
#include "formats/source_file.hpp"

namespace hadal {
namespace {

constexpr uint64_t kLargestManifest = 4 << 20;
constexpr std::string_view kModelLayer = "application/vnd.ollama.image.model";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// A leading dot or dash would let a name climb out of the store.
bool is_part(std::string_view part, bool may_have_port = false) {
  return !part.empty() && part[0] != '.' && part[0] != '-' && part.size() <= 255 &&
         std::all_of(part.begin(), part.end(), [&](char c) { return is_word(c) || (may_have_port && c == ':'); });
}

struct Name {
  std::string_view host = "registry.ollama.ai", space = "library", model, tag = "latest";
};

std::optional<Name> split(std::string_view text) {
  Name name;
  const size_t last_slash = text.rfind('/');
  const size_t colon = text.rfind(':');
  if (colon != text.npos && (last_slash == text.npos || colon > last_slash)) {
    name.tag = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  name.model = last_slash == text.npos ? text : text.substr(last_slash + 1);
  if (last_slash != text.npos) {
    name.space = text.substr(0, last_slash);
    if (const size_t slash = name.space.rfind('/'); slash != text.npos) {
      name.host = name.space.substr(0, slash);
      name.space = name.space.substr(slash + 1);
    }
  }
  if (!is_part(name.host, true) || !is_part(name.space) || !is_part(name.model) || !is_part(name.tag)) return {};
  return name;
}

// "sha256:<64 hex digits>" -> the blob's file name; empty if it is anything else.
std::string blob_name(std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  if (digest.substr(0, kPrefix.size()) != kPrefix) return {};
  const std::string_view hex = digest.substr(kPrefix.size());
  const bool valid = hex.size() == 64 && std::all_of(hex.begin(), hex.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return valid ? message("sha256-", hex) : std::string();
}

std::string weights_of(Host& host, const std::string& store, const std::string& manifest_path, const Json& manifest) {
  const Json* layers = manifest.find("layers");
  if (!layers || !layers->as_array())
    throw Error(Status::corrupt, message(quoted(manifest_path), ": expected a list of layers"));
  for (const Json& layer : *layers->as_array()) {
    const Json* type = layer.find("mediaType");
    if (!type || !type->as_string() || *type->as_string() != kModelLayer) continue;
    const Json* digest = layer.find("digest");
    const std::string blob = digest && digest->as_string() ? blob_name(*digest->as_string()) : std::string();
    if (blob.empty()) throw Error(Status::corrupt, message(quoted(manifest_path), ": its model layer has no sha256 digest"));
    const std::string path = message(store, "/blobs/", blob);
    const Json* size = layer.find("size");
    const std::unique_ptr<File> file = open_if_there(host, path);
    if (!file || (size && size->as_integer() && uint64_t(*size->as_integer()) != file->size()))
      throw Error(Status::corrupt, message(quoted(manifest_path), ": its weights ", quoted(path),
                                           file ? " have another size than the manifest says" : " are missing"));
    return path;
  }
  throw Error(Status::unsupported, message(quoted(manifest_path), ": this model has no GGUF layer"));
}

}  // namespace

std::vector<std::string> ollama_stores() {
  if (const std::string chosen = environment("OLLAMA_MODELS"); !chosen.empty()) return {chosen};
  std::vector<std::string> stores;
  for (const char* variable : {"HOME", "USERPROFILE"})
    if (const std::string home = environment(variable); !home.empty() && stores.empty())
      stores.push_back(message(home, "/.ollama/models"));
  stores.push_back("/usr/share/ollama/.ollama/models");
  return stores;
}

bool is_ollama_name(std::string_view name) { return split(name).has_value(); }

std::string find_in_ollama_stores(Host& host, std::string_view text, const std::vector<std::string>& stores) {
  const std::optional<Name> name = split(text);
  if (!name) return {};
  for (const std::string& store : stores) {
    const std::string path = message(store, "/manifests/", name->host, "/", name->space, "/", name->model, "/", name->tag);
    const std::unique_ptr<File> file = open_if_there(host, path);
    if (!file) continue;
    return weights_of(host, store, path, parse_json(read_text(*file, path, kLargestManifest), path));
  }
  return {};
}

}  // namespace hadal
