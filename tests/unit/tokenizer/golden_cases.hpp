// Recorded cases of tests/golden/tokenizer, and tokenizers made from JSON text or from metadata built by hand.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "formats/checkpoint.hpp"
#include "tokenizer/tokenizer.hpp"

namespace hadal::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string golden_path(const std::string& name) { return std::string(HADAL_TEST_DATA) + "/tokenizer/" + name; }

inline std::unique_ptr<Tokenizer> tokenizer_from_json(std::string tokenizer_json, std::string tokenizer_config = {}) {
  Checkpoint checkpoint;
  checkpoint.container = Checkpoint::Container::safetensors;
  checkpoint.tokenizer_json = std::move(tokenizer_json);
  checkpoint.tokenizer_config_json = std::move(tokenizer_config);
  return load_tokenizer(checkpoint);
}

inline std::vector<int32_t> encode(const Tokenizer& tokenizer, std::string_view text, bool parse_special = true) {
  std::vector<int32_t> out;
  tokenizer.encode(text, parse_special, out);
  return out;
}

inline std::vector<int32_t> ids_of(const Json& list) {
  std::vector<int32_t> out;
  for (const Json& id : *list.as_array()) out.push_back(static_cast<int32_t>(*id.as_integer()));
  return out;
}

struct EncodeCase {
  std::string text;
  std::vector<int32_t> special, plain;
  std::string decoded;  // of `special`
};

struct DecodeCase {
  std::vector<int32_t> ids;
  std::string text;
};

struct Cases {
  std::vector<EncodeCase> encode;
  std::vector<DecodeCase> decode;
};

inline Cases read_cases(const std::string& name) {
  const Json file = parse_json(read_file(golden_path(name)), name);
  Cases out;
  for (const Json& entry : *file.find("encode")->as_array()) {
    const Json::Array& c = *entry.as_array();
    EncodeCase made{*c[0].as_string(), ids_of(c[1]), {}, {}};
    made.plain = c[2].is_null() ? made.special : ids_of(c[2]);
    made.decoded = c[3].is_null() ? made.text : *c[3].as_string();
    out.encode.push_back(std::move(made));
  }
  if (const Json* decode = file.find("decode"))
    for (const Json& entry : *decode->as_array())
      out.decode.push_back({ids_of((*entry.as_array())[0]), *(*entry.as_array())[1].as_string()});
  return out;
}

// A Metadata whose strings it owns.
class MetadataBuilder {
 public:
  MetadataBuilder() = default;
  MetadataBuilder(MetadataBuilder&&) = default;  // a copy would point into the original
  MetadataBuilder& set(const std::string& key, MetadataValue value) {
    strings_.push_back(key);
    const auto found = metadata_.index.find(key);
    if (found != metadata_.index.end()) {
      metadata_.entries[found->second].second = std::move(value);
    } else {
      metadata_.index.emplace(strings_.back(), metadata_.entries.size());
      metadata_.entries.emplace_back(strings_.back(), std::move(value));
    }
    return *this;
  }
  MetadataBuilder& set_text(const std::string& key, std::string text) { return set(key, keep(std::move(text))); }
  MetadataBuilder& set_texts(const std::string& key, const std::vector<std::string>& texts) {
    std::vector<std::string_view> views;
    for (const std::string& text : texts) views.push_back(keep(text));
    return set(key, std::move(views));
  }
  std::unique_ptr<Tokenizer> load() const {
    Checkpoint checkpoint;
    checkpoint.container = Checkpoint::Container::gguf;
    checkpoint.metadata = metadata_;
    return load_tokenizer(checkpoint);
  }

 private:
  std::string_view keep(std::string text) { return strings_.emplace_back(std::move(text)); }

  std::deque<std::string> strings_;
  Metadata metadata_;
};

// The keys a converter writes for a byte-level tokenizer.json.
inline MetadataBuilder gguf_of(const Json& file, const std::string& pre) {
  const auto& vocab = *file.find("model")->find("vocab")->as_object();
  std::vector<std::string> tokens;
  std::vector<int64_t> types;
  const auto put = [&](int64_t id, const std::string& text, int64_t type) {
    const auto at = static_cast<size_t>(id);
    if (tokens.size() <= at) tokens.resize(at + 1), types.resize(at + 1, 5);
    tokens[at] = text;
    types[at] = type;
  };
  for (const auto& [text, id] : vocab) put(*id.as_integer(), text, 1);
  for (const Json& token : *file.find("added_tokens")->as_array())
    put(*token.find("id")->as_integer(), *token.find("content")->as_string(),
        *token.find("special")->as_bool() ? 3 : 4);
  std::vector<std::string> merges;
  for (const Json& merge : *file.find("model")->find("merges")->as_array())
    merges.push_back(*(*merge.as_array())[0].as_string() + " " + *(*merge.as_array())[1].as_string());
  MetadataBuilder out;
  out.set_text("tokenizer.ggml.model", "gpt2").set_text("tokenizer.ggml.pre", pre);
  out.set_texts("tokenizer.ggml.tokens", tokens).set("tokenizer.ggml.token_type", types);
  out.set_texts("tokenizer.ggml.merges", merges);
  return out;
}

}  // namespace hadal::test
