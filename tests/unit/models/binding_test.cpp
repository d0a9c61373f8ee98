// What a checkpoint that does not fit its own config is told.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/status.hpp"
#include "models/tensor_names.hpp"
#include "models/text_model.hpp"
#include "unit/models/tiny_weights.hpp"

namespace hadal::test {
namespace {

constexpr const char* kConfig = R"({"model_type": "llama", "hidden_size": 32, "intermediate_size": 48,
  "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 40,
  "max_position_embeddings": 64, "rms_norm_eps": 1e-5})";

struct Outcome {
  Status status = Status::ok;
  std::string text;
};

Outcome build(const std::shared_ptr<Checkpoint>& checkpoint) {
  try {
    build_text_model(checkpoint);
    return {};
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
}

Outcome build_with(std::string_view key, Json value) {
  auto checkpoint = tiny_checkpoint(kConfig);
  Json::Object object = *checkpoint->config.as_object();
  std::erase_if(object, [&](const auto& member) { return member.first == key; });
  object.emplace_back(std::string(key), std::move(value));
  checkpoint->config = Json(std::move(object));
  return build(checkpoint);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every missing tensor is named") {
  const auto whole = tiny_checkpoint(kConfig);
  CHECK(build(whole).status == Status::ok);
  for (const StoredTensor& tensor : whole->tensors) {
    if (tensor.name == "lm_head.weight") continue;   // absent means tied
    auto checkpoint = tiny_checkpoint(kConfig);
    checkpoint->tensor_index.erase(tensor.name);
    const Outcome outcome = build(checkpoint);
    CAPTURE(tensor.name);
    CHECK(outcome.status == Status::corrupt);
    CHECK(has(outcome.text, tensor.name + ": expected ["));
  }
}

TEST_CASE("a wrong shape is named with both shapes") {
  auto checkpoint = tiny_checkpoint(kConfig);
  for (StoredTensor& tensor : checkpoint->tensors)
    if (tensor.name == "model.layers.1.mlp.down_proj.weight") tensor.shape = {48, 32};
  const Outcome outcome = build(checkpoint);
  CHECK(outcome.status == Status::corrupt);
  CHECK(outcome.text == "model.layers.1.mlp.down_proj.weight: expected [32, 48], found [48, 32]");
}

TEST_CASE("integer weights and block-typed norms are refused by name") {
  auto checkpoint = tiny_checkpoint(kConfig);
  checkpoint->tensors[0].dtype = Dtype::i8;
  CHECK(build(checkpoint).status == Status::unsupported);
  checkpoint = tiny_checkpoint(kConfig);
  for (StoredTensor& tensor : checkpoint->tensors)
    if (tensor.name == "model.norm.weight") tensor.dtype = Dtype::q8_0;
  CHECK(has(build(checkpoint).text, "model.norm.weight"));
}

TEST_CASE("an unknown architecture is refused with the known ones") {
  const Outcome outcome = build_with("model_type", std::string("mamba"));
  CHECK(outcome.status == Status::unsupported);
  CHECK(has(outcome.text, "\"mamba\""));
  CHECK(has(outcome.text, "qwen3"));
}

TEST_CASE("senseless config values are refused with their key") {
  const auto refused = [](std::string_view key, Json value) {
    CAPTURE(key);
    const Outcome outcome = build_with(key, std::move(value));
    CHECK((outcome.status == Status::corrupt || outcome.status == Status::unsupported));
    CHECK(has(outcome.text, key.substr(0, key.find('.'))));
  };
  refused("hidden_size", int64_t{0});
  refused("hidden_size", int64_t{-32});
  refused("num_hidden_layers", int64_t{1} << 62);
  refused("num_attention_heads", int64_t{0});
  refused("num_key_value_heads", int64_t{3});
  refused("vocab_size", std::string("many"));
  refused("rms_norm_eps", -1.0);
  refused("rope_theta", 0.0);
  refused("head_dim", int64_t{7});
  refused("rope_scaling", Json::Object{{"rope_type", std::string("spiral")}});
  refused("rope_scaling", Json::Object{{"rope_type", std::string("linear")}, {"factor", -2.0}});
  CHECK(build_with("sliding_window", int64_t{8}).status == Status::ok);   // llama has none: the key says nothing
}

TEST_CASE("tensor names go to GGUF and back") {
  const auto whole = tiny_checkpoint(kConfig);
  for (const StoredTensor& tensor : whole->tensors) {
    const std::string gguf = gguf_tensor_name(tensor.name);
    CHECK_FALSE(gguf.empty());
    CHECK(published_tensor_name(gguf) == tensor.name);
  }
  CHECK(gguf_tensor_name("model.layers.3.self_attn.q_proj.weight") == "blk.3.attn_q.weight");
  CHECK(gguf_tensor_name("model.layers.3.self_attn.q_norm.weight") == "blk.3.attn_q_norm.weight");
  for (const char* odd : {"", "weight", "model.layers.", "model.layers.3.weight", "blk..attn_q.weight", "a.b.c"})
    CHECK(gguf_tensor_name(odd).empty());
}

}  // namespace hadal::test
