#include "unit/generate/tiny_model.hpp"

#include <array>
#include <cmath>
#include <random>
#include <span>

#include "formats/gguf_writer.hpp"

namespace hadal::test {

// Role markers around each message, as ChatML has them.
const char* const kTinyTemplate =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

namespace {

class VectorSink final : public ByteSink {
 public:
  void write(std::span<const std::byte> part) override { bytes.insert(bytes.end(), part.begin(), part.end()); }
  std::vector<std::byte> bytes;
};

// The letter that stands for a byte in GPT-2's alphabet: printable ones for themselves, others from U+0100 on.
std::string letter(int byte) {
  const auto printable = [](int b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE; };
  int code = byte;
  if (!printable(byte)) {
    code = 0x100;
    for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
  }
  if (code < 0x80) return {char(code)};
  return {char(0xC0 | (code >> 6)), char(0x80 | (code & 0x3F))};
}

}  // namespace

std::vector<std::byte> tiny_gguf(const TinyModel& model) {
  constexpr int64_t kHidden = 64, kForward = 96, kHeads = 4, kKeyHeads = 2, kLayers = 2;
  std::vector<std::string> tokens = {"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"};
  std::vector<int32_t> kinds = {3, 3, 3, 4, 4};   // control; user defined
  for (int b = 0; b < 256; ++b) {
    tokens.push_back(letter(b));
    kinds.push_back(1);
  }
  const std::vector<std::string_view> merges = {"h e", "l l", "he ll", "i n", "t h"};
  for (const std::string merged : {"he", "ll", "hell", "in", "th"}) {
    tokens.push_back(merged);
    kinds.push_back(1);
  }
  if (model.fill)
    for (const char* token : {"<｜fim▁hole｜>", "<｜fim▁begin｜>", "<｜fim▁end｜>"}) {
      tokens.push_back(token);
      kinds.push_back(4);
    }
  const int64_t vocabulary = int64_t(tokens.size());

  GgufWriter writer;
  writer.set_string("general.architecture", "llama");
  writer.set_string("general.name", "tiny");
  writer.set_string("general.license", "mit");
  writer.set_u32("llama.context_length", uint32_t(model.context));
  writer.set_u32("llama.embedding_length", kHidden);
  writer.set_u32("llama.block_count", kLayers);
  writer.set_u32("llama.feed_forward_length", kForward);
  writer.set_u32("llama.attention.head_count", kHeads);
  writer.set_u32("llama.attention.head_count_kv", kKeyHeads);
  writer.set_f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  writer.set_u32("llama.rope.dimension_count", kHidden / kHeads);
  writer.set_f32("llama.rope.freq_base", 10000);
  writer.set_u32("llama.vocab_size", uint32_t(vocabulary));
  writer.set_string("tokenizer.ggml.model", "gpt2");
  writer.set_string("tokenizer.ggml.pre", "smollm");
  const std::vector<std::string_view> spelled(tokens.begin(), tokens.end());
  writer.set_strings("tokenizer.ggml.tokens", spelled);
  writer.set_i32s("tokenizer.ggml.token_type", kinds);
  writer.set_strings("tokenizer.ggml.merges", merges);
  writer.set_u32("tokenizer.ggml.bos_token_id", TinyModel::kBegin);
  writer.set_u32("tokenizer.ggml.eos_token_id", TinyModel::kEnd);
  writer.set_bool("tokenizer.ggml.add_bos_token", model.add_bos);
  if (model.chat_template != "none")
    writer.set_string("tokenizer.chat_template", model.chat_template.empty() ? kTinyTemplate : model.chat_template);

  struct Planned {
    std::string name;
    std::vector<int64_t> shape;
  };
  std::vector<Planned> tensors = {{"token_embd.weight", {vocabulary, kHidden}}};
  constexpr int64_t kKeys = kHidden / kHeads * kKeyHeads;
  for (int layer = 0; layer < kLayers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    tensors.push_back({block + "attn_norm.weight", {kHidden}});
    tensors.push_back({block + "attn_q.weight", {kHidden, kHidden}});
    tensors.push_back({block + "attn_k.weight", {kKeys, kHidden}});
    tensors.push_back({block + "attn_v.weight", {kKeys, kHidden}});
    tensors.push_back({block + "attn_output.weight", {kHidden, kHidden}});
    tensors.push_back({block + "ffn_norm.weight", {kHidden}});
    tensors.push_back({block + "ffn_gate.weight", {kForward, kHidden}});
    tensors.push_back({block + "ffn_up.weight", {kForward, kHidden}});
    tensors.push_back({block + "ffn_down.weight", {kHidden, kForward}});
  }
  tensors.push_back({"output_norm.weight", {kHidden}});
  tensors.push_back({"output.weight", {vocabulary, kHidden}});
  for (const Planned& tensor : tensors) writer.add_tensor(tensor.name, Dtype::f32, tensor.shape);

  VectorSink sink;
  writer.begin(sink);
  std::mt19937 random(model.seed);
  for (const Planned& tensor : tensors) {
    int64_t count = 1;
    for (const int64_t extent : tensor.shape) count *= extent;
    const float scale = tensor.shape.size() == 1 ? 0.2f : 2.0f / std::sqrt(float(tensor.shape.back()));
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) {
      const float uniform = float(random() >> 8) * 0x1p-23f - 1;   // in [-1, 1)
      values.push_back(tensor.shape.size() == 1 ? 1 + scale * uniform : scale * uniform);
    }
    writer.write(std::as_bytes(std::span(values)));
  }
  writer.finish();
  return std::move(sink.bytes);
}

}  // namespace hadal::test
