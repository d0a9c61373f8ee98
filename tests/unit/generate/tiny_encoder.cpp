#include "unit/generate/tiny_encoder.hpp"

#include <algorithm>
#include <cstring>

#include "formats/json.hpp"
#include "models/tensor_names.hpp"
#include "unit/embed_texts.hpp"
#include "unit/formats/file_builder.hpp"
#include "unit/models/tiny_weights.hpp"

namespace hadal::test {
namespace {

constexpr int kVocab = 160;

struct Tiny {
  std::string name;
  std::vector<int64_t> shape;
};

int64_t integer(const Json& config, std::string_view key) {
  const Json* value = config.find(key);
  return value && value->as_integer() ? *value->as_integer() : 0;
}

std::vector<Tiny> tensors_of(const Json& config) {
  const int64_t n = integer(config, "hidden_size"), ff = integer(config, "intermediate_size");
  const std::string type = *config.find("model_type")->as_string();
  const std::string class_name = *(*config.find("architectures")->as_array())[0].as_string();
  const bool classifies = class_name.ends_with("ForSequenceClassification"), nomic = type == "nomic_bert";
  const std::string base = !classifies ? "" : type == "bert" ? "bert." : "roberta.";
  std::vector<Tiny> out;
  const auto linear = [&](const std::string& name, int64_t rows, int64_t cols, bool bias = true) {
    out.push_back({name + ".weight", {rows, cols}});
    if (bias) out.push_back({name + ".bias", {rows}});
  };
  const auto norm = [&](const std::string& name) {
    out.push_back({name + ".weight", {n}});
    out.push_back({name + ".bias", {n}});
  };
  const std::string embeddings = base + "embeddings.";
  out.push_back({embeddings + "word_embeddings.weight", {kVocab, n}});
  out.push_back({embeddings + "token_type_embeddings.weight", {integer(config, "type_vocab_size"), n}});
  if (!nomic)
    out.push_back({embeddings + "position_embeddings.weight", {integer(config, "max_position_embeddings"), n}});
  norm(nomic ? "emb_ln" : embeddings + "LayerNorm");
  for (int64_t layer = 0; layer < integer(config, "num_hidden_layers"); ++layer) {
    const std::string at = base + (nomic ? "encoder.layers." : "encoder.layer.") + std::to_string(layer) + ".";
    if (nomic) {
      linear(at + "attn.Wqkv", 3 * n, n, false);
      linear(at + "attn.out_proj", n, n, false);
      linear(at + "mlp.fc11", ff, n, false);
      linear(at + "mlp.fc12", ff, n, false);
      linear(at + "mlp.fc2", n, ff, false);
      norm(at + "norm1");
      norm(at + "norm2");
      continue;
    }
    for (const char* part : {"query", "key", "value"}) linear(at + "attention.self." + part, n, n);
    linear(at + "attention.output.dense", n, n);
    norm(at + "attention.output.LayerNorm");
    linear(at + "intermediate.dense", ff, n);
    linear(at + "output.dense", n, ff);
    norm(at + "output.LayerNorm");
  }
  if (classifies && type == "bert") {
    linear("bert.pooler.dense", n, n);
    linear("classifier", 1, n);
  } else if (classifies) {
    linear("classifier.dense", n, n);
    linear("classifier.out_proj", 1, n);
  }
  return out;
}

std::string lower(std::string text) {
  for (char& c : text) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

std::string bytes_of_floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string drawn(const Tiny& tensor) { return bytes_of_floats(weight(lower(tensor.name), elements(tensor.shape))); }

std::string safetensors_of(const std::vector<std::pair<Tiny, std::string>>& tensors) {
  std::string header, data;
  for (const auto& [tensor, bytes] : tensors) {
    header += (header.empty() ? "{\"" : ",\"") + tensor.name + "\":{\"dtype\":\"F32\",\"shape\":[";
    for (size_t i = 0; i < tensor.shape.size(); ++i) header += (i ? "," : "") + std::to_string(tensor.shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + "," + std::to_string(data.size() + bytes.size()) + "]}";
    data += bytes;
  }
  return safetensors_file(header + "}", data);
}

// Ids below 4: RoBERTa's special tokens, or BERT's.
std::vector<std::string> pieces_of(bool roberta) {
  std::vector<std::string> out = roberta ? std::vector<std::string>{"<s>", "<pad>", "</s>", "<unk>"}
                                         : std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
  for (int id = 4; id < kVocab; ++id) out.push_back("w" + std::to_string(id));
  return out;
}

std::string tokenizer_json(bool roberta, bool plain) {
  std::string vocab, added;
  const std::vector<std::string> pieces = pieces_of(roberta);
  for (int id = 0; id < kVocab; ++id) {
    vocab += (id ? ",\"" : "\"") + pieces[size_t(id)] + "\":" + std::to_string(id);
    if (id < 4)
      added += std::string(id ? "," : "") + "{\"id\":" + std::to_string(id) + ",\"content\":\"" + pieces[size_t(id)] +
               "\",\"special\":true,\"normalized\":false}";
  }
  const std::string around = roberta ? R"({"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0]})"
                                     : R"({"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]})";
  return "{\"added_tokens\":[" + added + R"(],"normalizer":{"type":"BertNormalizer","lowercase":true},)" +
         R"("pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":)" + (plain ? "null" : around) +
         R"(,"model":{"type":"WordPiece","unk_token":")" + (roberta ? "<unk>" : "[UNK]") +
         R"(","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{)" + vocab + "}}}";
}

}  // namespace

void write_encoder_folder(MemoryHost& host, const std::string& folder, const std::string& name) {
  const std::string config = read_golden(name + "/config.json");
  const Json parsed = parse_json(config, "config.json");
  std::vector<std::pair<Tiny, std::string>> tensors;
  const bool decoder = name == "llama_last";
  if (decoder) {
    const auto checkpoint = tiny_checkpoint(config);
    for (const StoredTensor& tensor : checkpoint->tensors)
      tensors.push_back({{tensor.name, tensor.shape},
                         std::string(reinterpret_cast<const char*>(tensor.data), tensor.bytes)});
  } else {
    for (const Tiny& tensor : tensors_of(parsed)) tensors.push_back({tensor, drawn(tensor)});
  }
  const bool roberta = name.starts_with("xlm");
  host.files[folder + "/config.json"] = config;
  host.files[folder + "/tokenizer.json"] = tokenizer_json(roberta, decoder);
  host.files[folder + "/model.safetensors"] = safetensors_of(tensors);
  if (name == "bert_cls" || name == "xlm_roberta")
    host.files[folder + "/1_Pooling/config.json"] = R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false})";
}

void write_encoder_gguf(MemoryHost& host, const std::string& path, const std::string& name) {
  const Json config = parse_json(read_golden(name + "/config.json"), "config.json");
  const bool nomic = name == "nomic_bert", roberta = name.starts_with("xlm"), ranks = name.ends_with("_rank");
  const std::string a = nomic ? "nomic-bert" : "bert";
  GgufBuilder gguf;
  const auto number = [&](const std::string& key, int64_t value) { gguf.scalar<uint32_t>(key, 4, uint32_t(value)); };
  gguf.string("general.architecture", a);
  // Converters take RoBERTa's first two positions off: no text has them.
  number(a + ".context_length", integer(config, "max_position_embeddings") - (roberta ? 2 : 0));
  number(a + ".embedding_length", integer(config, "hidden_size"));
  number(a + ".feed_forward_length", integer(config, "intermediate_size"));
  number(a + ".block_count", integer(config, "num_hidden_layers"));
  number(a + ".attention.head_count", integer(config, "num_attention_heads"));
  gguf.scalar<float>(a + ".attention.layer_norm_epsilon", 6, roberta ? 1e-5f : 1e-12f);
  gguf.scalar<uint8_t>(a + ".attention.causal", 7, 0);
  number(a + ".pooling_type", ranks ? 4 : name == "bert_cls" || roberta ? 2 : 1);
  if (nomic) gguf.scalar<float>(a + ".rope.freq_base", 6, 1000.0f);
  std::vector<std::string> tokens;
  std::vector<int32_t> kinds;
  for (const std::string& piece : pieces_of(roberta)) {
    const bool special = piece.front() == '[' || piece.front() == '<';
    tokens.push_back(special ? piece : "\u2581" + piece);
    kinds.push_back(!special ? 1 : piece == "<unk>" ? 2 : 3);
  }
  gguf.string("tokenizer.ggml.model", roberta ? "t5" : "bert");
  gguf.array("tokenizer.ggml.tokens", 8, tokens);
  gguf.array("tokenizer.ggml.token_type", 5, kinds);
  if (roberta) gguf.array("tokenizer.ggml.scores", 6, std::vector<float>(tokens.size(), -1.0f));
  number("tokenizer.ggml.bos_token_id", roberta ? 0 : 2);
  number(roberta ? "tokenizer.ggml.eos_token_id" : "tokenizer.ggml.seperator_token_id", roberta ? 2 : 3);
  number("tokenizer.ggml.unknown_token_id", roberta ? 3 : 1);
  for (Tiny tensor : tensors_of(config)) {
    std::string bytes = drawn(tensor);
    if (tensor.name.starts_with("roberta.")) tensor.name.erase(0, std::string_view("roberta.").size());
    if (roberta && tensor.name == "embeddings.position_embeddings.weight") {
      bytes.erase(0, 2 * size_t(tensor.shape[1]) * sizeof(float));
      tensor.shape[0] -= 2;
    }
    const std::vector<uint64_t> ne(tensor.shape.rbegin(), tensor.shape.rend());
    gguf.tensor(gguf_tensor_name(tensor.name), ne, 0, bytes);
  }
  host.files[path] = gguf.file();
}

std::vector<std::string> encoder_texts() {
  std::vector<std::string> out;
  for (const uint64_t length : {1, 5, 37, 64, 90}) {
    Numbers draw(length);
    std::string text;
    for (uint64_t i = 0; i < length; ++i) text += (i ? " w" : "w") + std::to_string(4 + draw.below(kVocab - 4));
    out.push_back(text);
  }
  return out;
}

std::vector<float> encoder_rows(const std::string& name) {
  const std::string bytes = read_golden(name + "/rows.f32");
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

}  // namespace hadal::test
