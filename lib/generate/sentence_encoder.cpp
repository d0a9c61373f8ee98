#include "generate/sentence_encoder.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/message.hpp"
#include "core/status.hpp"
#include "generate/token_ids.hpp"

namespace hadal {
namespace {

// Of a run with several texts: enough to keep the threads busy, few enough that their rows stay in a cache.
constexpr int64_t kRunTokens = 512;
// Rows of a run: short texts are many, and each may leave a page of keys half empty.
constexpr int64_t kMostTexts = 64;
constexpr int64_t kDefaultContext = 4096;
constexpr int64_t kProgressNs = 20'000'000;   // between two questions to the caller
constexpr float kLayerNormEps = 1e-5f;

[[noreturn]] void refuse_cancelled() { throw Error(Status::cancelled, "cancelled by the progress callback"); }

// What a run has room for.
int64_t longest_text(const Options& options, const Config& config) {
  const int64_t asked = options.integer("context");
  return asked > 0 ? asked : std::min(config.max_position_embeddings, kDefaultContext);
}

// nomic-embed-text v1.5's model card: the whole vector normalised without weights, then its first values.
void matryoshka(std::span<double> row) {
  double mean = 0, squares = 0;
  for (const double v : row) mean += v;
  mean /= double(row.size());
  for (const double v : row) squares += (v - mean) * (v - mean);
  const double inverse = 1 / std::sqrt(squares / double(row.size()) + kLayerNormEps);
  for (double& v : row) v = (v - mean) * inverse;
}

}  // namespace

int64_t SentenceEncoder::max_tokens(const Options& options, const Config& config, const SentenceConfig& sentence) {
  const int64_t asked = options.integer("context");
  if (asked > config.max_position_embeddings)
    throw Error(Status::invalid_argument, message("option context: expected at most the ",
                                                  config.max_position_embeddings, " tokens of this model, found ", asked));
  const int64_t longest = longest_text(options, config);
  return asked == 0 && sentence.max_tokens > 0 ? std::min(sentence.max_tokens, longest) : longest;
}

Sizes SentenceEncoder::run_sizes(const Options& options, const Config& config) {
  return {std::max(kRunTokens, longest_text(options, config)), kMostTexts};
}

SentenceEncoder::SentenceEncoder(std::shared_ptr<Runtime> runtime, const Program& program, std::shared_ptr<Host> host,
                                 const TextModel& model, SentenceConfig sentence, const Tokenizer* tokenizer,
                                 const Options& options)
    : runtime_(std::move(runtime)),
      sentence_(std::move(sentence)),
      tokenizer_(tokenizer),
      hidden_size_(model.config.hidden_size),
      max_tokens_(max_tokens(options, model.config, sentence_)),
      num_types_(std::max<int64_t>(model.config.encoder.type_vocab_size, 1)),
      vocab_size_(model.config.vocab_size),
      pooling_(model.config.pooling),
      executor_(program, std::move(host), runtime_->runner(), run_sizes(options, model.config)) {}

const Tokenizer& SentenceEncoder::tokenizer() const {
  if (!tokenizer_) throw Error(Status::unsupported, "tokenizer: this model carries none");
  return *tokenizer_;
}

EmbedSettings SentenceEncoder::settings(const Options& options) const {
  EmbedSettings out;
  const std::string_view policy = options.get("long_text");
  out.long_text = policy == "cut"     ? EmbedSettings::LongText::cut
                  : policy == "split" ? EmbedSettings::LongText::split
                                      : EmbedSettings::LongText::error;
  const auto prefix = [&](std::string_view key, const std::string& own) {
    return options.is_set(key) ? std::string(options.get(key)) : own;
  };
  const std::string_view purpose = options.get("purpose");
  if (purpose == "query") out.prefix = prefix("query_prefix", sentence_.query_prefix);
  if (purpose == "document") out.prefix = prefix("document_prefix", sentence_.document_prefix);
  out.normalize = options.boolean("normalize");
  out.dimensions = options.integer("dimensions");
  if (out.dimensions > hidden_size_)
    throw Error(Status::invalid_argument, message("option dimensions: expected at most the ", hidden_size_,
                                                  " of this model, found ", out.dimensions));
  return out;
}

int64_t SentenceEncoder::count_tokens(std::string_view text) const {
  std::vector<int32_t> tokens;
  tokenizer().encode(text, false, tokens);
  return int64_t(tokens.size());
}

int64_t SentenceEncoder::special_tokens() const {
  return (tokenizer().add_bos && tokenizer().bos ? 1 : 0) + (tokenizer().add_eos && tokenizer().eos ? 1 : 0);
}

// bos before tokens eos, or of a pair bos before eos... tokens eos.
SentenceEncoder::Piece SentenceEncoder::wrapped(const std::vector<int32_t>& before, std::span<const int32_t> tokens,
                                                bool pair) const {
  const Tokenizer& t = tokenizer();
  Piece piece;
  const bool ends = t.add_eos && t.eos;
  if (t.add_bos && t.bos) piece.tokens.push_back(*t.bos);
  piece.tokens.insert(piece.tokens.end(), before.begin(), before.end());
  if (pair && ends) piece.tokens.insert(piece.tokens.end(), size_t(t.pair_separators), *t.eos);
  if (pair) piece.second = int64_t(piece.tokens.size());
  piece.tokens.insert(piece.tokens.end(), tokens.begin(), tokens.end());
  if (ends) piece.tokens.push_back(*t.eos);
  piece.weight = double(std::max<size_t>(tokens.size(), 1));
  return piece;
}

void SentenceEncoder::add_pieces(std::vector<Piece>& pieces, size_t text, const std::vector<int32_t>& tokens,
                                 const std::vector<int32_t>& before, EmbedSettings::LongText policy,
                                 bool pair) const {
  const int64_t around = int64_t(wrapped(before, {}, pair).tokens.size());
  const int64_t room = max_tokens_ - around, count = int64_t(tokens.size());
  if (room < 1)
    throw Error(Status::invalid_argument, message(pair ? "query" : "prefix", ": expected room for a text beside it, ",
                                                  "found ", around, " of ", max_tokens_, " tokens taken"));
  if (count > room && policy == EmbedSettings::LongText::error)
    throw Error(Status::invalid_argument, message("text ", text, ": expected at most ", room, " tokens, found ", count,
                                                  "; long_text=cut or split takes longer ones"));
  const int64_t wanted = policy == EmbedSettings::LongText::split ? std::max<int64_t>((count + room - 1) / room, 1) : 1;
  const int64_t kept = std::min(count, wanted * room);
  // Pieces of nearly equal length, so that the last one is not a scrap.
  for (int64_t i = 0; i < wanted; ++i) {
    const int64_t begin = kept * i / wanted, end = kept * (i + 1) / wanted;
    Piece piece = wrapped(before, std::span(tokens).subspan(size_t(begin), size_t(end - begin)), pair);
    // Without special tokens an empty text has nothing that a row could stand for.
    if (piece.tokens.empty())
      throw Error(Status::invalid_argument, message("text ", text, ": expected a text, found nothing"));
    piece.text = text;
    pieces.push_back(std::move(piece));
  }
}

void SentenceEncoder::compute(Progress progress, double before, double share) {
  Host& host = *runtime_->host();
  bool going = progress(before);
  while (going && !runtime_->computing().try_lock_for(std::chrono::milliseconds(20))) going = progress(before);
  if (!going) {
    executor_.abandon();
    refuse_cancelled();
  }
  const std::lock_guard computing(runtime_->computing(), std::adopt_lock);
  int64_t asked = host.now_ns();
  const bool finished = executor_.advance([&] {
    const int64_t now = host.now_ns();
    if (now - asked < kProgressNs) return false;
    asked = now;
    going = progress(before);
    return !going;
  });
  if (!finished) {
    executor_.abandon();
    refuse_cancelled();
  }
  if (!progress(before + share)) refuse_cancelled();
}

// Texts of like length need not share a run: sequences lie side by side without padding.
void SentenceEncoder::run(std::span<const Piece> pieces, TakeRow take, Progress progress) {
  const std::lock_guard held(mutex_);
  int64_t total = 0, done = 0;
  for (const Piece& piece : pieces) total += int64_t(piece.tokens.size());
  for (size_t first = 0; first < pieces.size();) {
    tokens_.clear(), positions_.clear(), types_.clear(), output_rows_.clear(), sequences_.clear();
    size_t end = first;
    for (; end < pieces.size() && int64_t(sequences_.size()) < executor_.max().outputs; ++end) {
      const Piece& piece = pieces[end];
      const int64_t start = int64_t(tokens_.size()), count = int64_t(piece.tokens.size());
      const int64_t room = end == first ? executor_.max().tokens : std::min(kRunTokens, executor_.max().tokens);
      if (start + count > room) break;
      for (int64_t i = 0; i < count; ++i) {
        positions_.push_back(int32_t(i));
        types_.push_back(piece.second > 0 && i >= piece.second && num_types_ > 1 ? tokenizer().second_type : 0);
      }
      expect_rows_for(piece.tokens, vocab_size_);
      tokens_.insert(tokens_.end(), piece.tokens.begin(), piece.tokens.end());
      sequences_.push_back({start, count, 0, {}});
      output_rows_.push_back(int32_t(pooling_ == Pooling::last ? start + count - 1 : start));
    }
    Batch batch{tokens_, positions_, sequences_, output_rows_};
    batch.types = types_;
    executor_.start(batch);
    const int64_t now = int64_t(tokens_.size());
    compute(progress, double(done) / double(total), double(now) / double(total));
    done += now;
    const Tensor rows = executor_.output();
    for (size_t i = first; i < end; ++i) {
      const auto row = rows.row<const float>(int64_t(i - first));
      if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); }))
        throw Error(Status::numeric, message("text ", pieces[i].text, ": the model produced NaN or infinity"));
      take(pieces[i], row);
    }
    first = end;
  }
}

void SentenceEncoder::embed(std::span<const std::string_view> texts, const EmbedSettings& settings,
                            std::span<float> vectors, Progress progress) {
  if (scores())
    throw Error(Status::unsupported, "embed: expected an embedding model, found a cross-encoder, which only ranks");
  std::vector<int32_t> prefix, tokens;
  tokenizer().encode(settings.prefix, false, prefix);
  std::vector<Piece> pieces;
  for (size_t i = 0; i < texts.size(); ++i) {
    // Prefix and text as one, because tokens at the seam may hold parts of both; those count as the text's.
    tokens.clear();
    tokenizer().encode(settings.prefix + std::string(texts[i]), false, tokens);
    const auto seam = std::mismatch(prefix.begin(), prefix.end(), tokens.begin(), tokens.end()).second;
    const std::vector<int32_t> before(tokens.begin(), seam);
    tokens.erase(tokens.begin(), seam);
    add_pieces(pieces, i, tokens, before, settings.long_text, false);
  }
  const size_t hidden = size_t(hidden_size_), kept = settings.dimensions > 0 ? size_t(settings.dimensions) : hidden;
  std::vector<double> sum(hidden);
  size_t left = 0;   // pieces of the text that are still to come
  double weights = 0;
  const auto finish = [&](size_t text) {
    for (double& v : sum) v /= weights;
    if (kept < hidden) matryoshka(sum);
    double squares = 0;
    for (size_t i = 0; i < kept; ++i) squares += sum[i] * sum[i];
    const double scale = settings.normalize ? 1 / std::max(std::sqrt(squares), 1e-12) : 1;
    for (size_t i = 0; i < kept; ++i) vectors[text * kept + i] = float(sum[i] * scale);
  };
  size_t number = 0;
  const auto take = [&](const Piece& piece, std::span<const float> row) {
    if (left == 0) {
      std::fill(sum.begin(), sum.end(), 0.0);
      weights = 0;
      for (size_t i = number; i < pieces.size() && pieces[i].text == piece.text; ++i) ++left;
    }
    for (size_t i = 0; i < hidden; ++i) sum[i] += piece.weight * row[i];
    weights += piece.weight;
    ++number;
    if (--left == 0) finish(piece.text);
  };
  run(pieces, take, progress);
}

void SentenceEncoder::rank(std::string_view query, std::span<const std::string_view> texts,
                           const EmbedSettings& settings, std::span<float> scores_out, Progress progress) {
  if (!scores()) throw Error(Status::unsupported, "rerank: expected a cross-encoder, found an embedding model");
  std::vector<int32_t> asked, tokens;
  tokenizer().encode(query, false, asked);
  std::vector<Piece> pieces;
  for (size_t i = 0; i < texts.size(); ++i) {
    tokens.clear();
    tokenizer().encode(texts[i], false, tokens);
    add_pieces(pieces, i, tokens, asked, settings.long_text, true);
  }
  std::fill(scores_out.begin(), scores_out.end(), -std::numeric_limits<float>::infinity());
  run(pieces,
      [&](const Piece& piece, std::span<const float> row) {
        scores_out[piece.text] = std::max(scores_out[piece.text], row[0]);
      },
      progress);
}

}  // namespace hadal
