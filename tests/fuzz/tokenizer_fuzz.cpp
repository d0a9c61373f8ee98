// A byte-level or SentencePiece vocabulary made from the input, then a text made from the rest of it: loading fails
// with an Error or the tokenizer works, encoding gives ids of the vocabulary, and a stream equals the whole.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/status.hpp"
#include "formats/checkpoint.hpp"
#include "tokenizer/tokenizer.hpp"

namespace {

using namespace hadal;

// Reads the input front to back; zeros and empty texts when it is used up.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<uint8_t>(c);
  }
  std::string_view text(size_t most) {
    const std::string_view out = rest_.substr(0, byte() % (most + 1));
    rest_.remove_prefix(out.size());
    return out;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

void put(Metadata& metadata, std::string_view key, MetadataValue value) {
  metadata.index.emplace(key, metadata.entries.size());
  metadata.entries.emplace_back(key, std::move(value));
}

Metadata metadata_from(Input& input) {
  constexpr std::string_view kPre[] = {"gpt-2",     "smollm",      "qwen2",        "llama-bpe", "deepseek-llm",
                                       "deepseek-coder", "deepseek-v3", "default", "no such"};
  const bool sentencepiece = input.byte() % 3 == 0;
  Metadata out;
  put(out, "tokenizer.ggml.model", sentencepiece ? std::string_view("llama") : std::string_view("gpt2"));
  put(out, "tokenizer.ggml.pre", kPre[input.byte() % std::size(kPre)]);
  std::vector<std::string_view> tokens, merges;
  std::vector<int64_t> types;
  std::vector<float> scores;
  for (size_t n = input.byte(); n-- > 0;) {
    tokens.push_back(input.text(9));
    types.push_back(input.byte() % 7);
    scores.push_back(static_cast<float>(static_cast<int8_t>(input.byte())) / 4);
  }
  for (size_t n = sentencepiece ? 0 : input.byte(); n-- > 0;) merges.push_back(input.text(12));
  put(out, "tokenizer.ggml.tokens", std::move(tokens));
  if (input.byte() % 4) put(out, "tokenizer.ggml.token_type", std::move(types));
  if (sentencepiece) put(out, "tokenizer.ggml.scores", std::move(scores));
  put(out, "tokenizer.ggml.merges", std::move(merges));
  put(out, "tokenizer.ggml.bos_token_id", static_cast<int64_t>(input.byte()));
  put(out, "tokenizer.ggml.add_space_prefix", input.byte() % 2 == 0);
  return out;
}

void expect(bool condition) {
  if (!condition) std::abort();
}

void use(const Tokenizer& tokenizer, std::string_view text, bool special) {
  std::vector<int32_t> ids;
  try {
    tokenizer.encode(text, special, ids);
  } catch (const Error& error) {
    expect(error.status() == Status::invalid_argument && ids.empty());
    return;
  }
  for (const int32_t id : ids) expect(id >= 0 && id < tokenizer.size());
  StreamDecoder decoder(tokenizer);
  std::string streamed;
  for (const int32_t id : ids) decoder.push(id, streamed);
  decoder.finish(streamed);
  expect(streamed == decode(tokenizer, ids, false));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  Checkpoint checkpoint;
  checkpoint.container = Checkpoint::Container::gguf;
  try {
    checkpoint.metadata = metadata_from(input);
    const auto tokenizer = load_tokenizer(checkpoint);
    use(*tokenizer, input.rest(), true);
    use(*tokenizer, input.rest(), false);
  } catch (const Error&) {
  }
  return 0;
}
