// Texts to vectors, and pairs of texts to scores, with a model that makes one row of a text. Any thread may call; one
// at a time computes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.hpp"
#include "generate/options.hpp"
#include "generate/runtime.hpp"
#include "graph/executor.hpp"
#include "models/sentence_config.hpp"
#include "models/text_model.hpp"
#include "tokenizer/tokenizer.hpp"

namespace hadal {

// How texts are turned into vectors: the model's own settings with what the options say instead.
struct EmbedSettings {
  enum class LongText : uint8_t { error, cut, split };
  LongText long_text = LongText::error;
  std::string prefix;         // before every text
  bool normalize = true;
  int64_t dimensions = 0;     // 0: all
};

class SentenceEncoder {
 public:
  // program: packed; it, the text model and the tokenizer must outlive this. Throws Error(out_of_memory).
  SentenceEncoder(std::shared_ptr<Runtime> runtime, const Program& program, std::shared_ptr<Host> host,
                  const TextModel& model, SentenceConfig sentence, const Tokenizer* tokenizer, const Options& options);

  // Runs of this model are at most this large.
  static Sizes run_sizes(const Options& options, const Config& config);
  // Of a text with its special tokens.
  static int64_t max_tokens(const Options& options, const Config& config, const SentenceConfig& sentence);

  // Throws Error(invalid_argument) for dimensions that the model does not have.
  EmbedSettings settings(const Options& options) const;

  int64_t hidden_size() const { return hidden_size_; }
  int64_t max_tokens() const { return max_tokens_; }
  const SentenceConfig& sentence() const { return sentence_; }
  bool scores() const { return pooling_ == Pooling::rank; }
  Pooling pooling() const { return pooling_; }
  size_t arena_bytes() const { return executor_.arena_bytes(); }
  // Tokens of a text by itself: no prefix, no special tokens.
  int64_t count_tokens(std::string_view text) const;
  int64_t special_tokens() const;   // around one text

  // Told how much of the work is done, in [0, 1]; false stops with Error(cancelled).
  using Progress = FunctionRef<bool(double done)>;

  // vectors: [texts, dimensions]. texts: valid UTF-8. Throws Error(invalid_argument) for a text that is too long, with
  // its number and length; Error(numeric) if a row is not finite; Error(unsupported) for a cross-encoder.
  void embed(std::span<const std::string_view> texts, const EmbedSettings& settings, std::span<float> vectors,
             Progress progress);
  // scores: [texts], of the pairs (query, text); higher is more relevant. A text that does not fit beside the query is
  // handled as `long_text` says; of one split in pieces the best piece counts.
  void rank(std::string_view query, std::span<const std::string_view> texts, const EmbedSettings& settings,
            std::span<float> scores, Progress progress);

 private:
  // One sequence of a run.
  struct Piece {
    std::vector<int32_t> tokens;
    int64_t second = 0;    // where a pair's second text begins; 0: there is none
    size_t text = 0;       // whose piece it is
    double weight = 1;     // in the text's average
  };
  using TakeRow = FunctionRef<void(const Piece& piece, std::span<const float> row)>;

  const Tokenizer& tokenizer() const;
  void add_pieces(std::vector<Piece>& pieces, size_t text, const std::vector<int32_t>& tokens,
                  const std::vector<int32_t>& before, EmbedSettings::LongText policy, bool pair) const;
  Piece wrapped(const std::vector<int32_t>& before, std::span<const int32_t> tokens, bool pair) const;
  void run(std::span<const Piece> pieces, TakeRow take, Progress progress);
  void compute(Progress progress, double before, double share);

  const std::shared_ptr<Runtime> runtime_;
  const SentenceConfig sentence_;
  const Tokenizer* const tokenizer_;
  const int64_t hidden_size_, max_tokens_, num_types_, vocab_size_;
  const Pooling pooling_;
  std::mutex mutex_;   // guards the executor and what follows
  Executor executor_;
  std::vector<int32_t> tokens_, positions_, types_, output_rows_;
  std::vector<BatchSequence> sequences_;
};

}  // namespace hadal
