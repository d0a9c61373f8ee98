// hadal_model_embed and hadal_model_rerank, and the same for the knowledge layer.
#include "api/vectors.hpp"

#include <algorithm>

#include "api/handles.hpp"

using namespace hadal;
using namespace hadal::api;

namespace {

Options merged(const Model& model, std::string_view options) {
  Options out = model.options();
  out.merge(options, OptionLevel::vectors);
  return out;
}

// The caller's texts as UTF-8; what had to be converted or repaired is kept here.
class Texts {
 public:
  template <class Unit>
  Texts(const Model& model, const Unit* const* texts, const int64_t* sizes, size_t count) {
    if (count > 0) required(texts, "texts");
    const bool replace = model.options().get("invalid_text") == "replace";
    kept_.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      const std::string what = message("text ", i);
      kept_.push_back(checked_text(text_in(texts[i], sizes ? sizes[i] : -1, what), replace, what));
    }
    views_.assign(kept_.begin(), kept_.end());
  }
  std::span<const std::string_view> get() const { return views_; }

 private:
  std::vector<std::string> kept_;
  std::vector<std::string_view> views_;
};

struct Caller {
  hadal_progress progress;
  void* context;
  const char* stage;
  bool operator()(double done) const { return !progress || progress(context, stage, std::min(done, 1.0)) == 0; }
};

template <class Unit>
hadal_status embed(hadal_model* handle, const Unit* const* texts, const int64_t* sizes, size_t count,
                   const Unit* options, Caller caller, float* vectors, size_t capacity, size_t* size) noexcept {
  return guard([&]() -> hadal_status {
    const std::shared_ptr<Model> model = required(handle, "model").model;
    check_buffer(vectors, capacity, "vectors");
    SentenceEncoder& encoder = model->encoder();
    const EmbedSettings settings = encoder.settings(merged(*model, optional_text(options)));
    const size_t dim = size_t(settings.dimensions > 0 ? settings.dimensions : encoder.hidden_size());
    if (encoder.scores()) throw Error(Status::unsupported, "embed: expected an embedding model, found one that ranks");
    if (count > SIZE_MAX / dim / sizeof(float))
      throw Error(Status::invalid_argument, message("count: expected fewer texts, found ", count));
    if (size) *size = count * dim;
    if (capacity == 0) return HADAL_OK;
    const size_t fit = std::min(count, capacity / dim);
    const Texts given(*model, texts, sizes, fit);
    encoder.embed(given.get(), settings, {vectors, fit * dim}, caller);
    return fit == count ? HADAL_OK : HADAL_PARTIAL;
  });
}

template <class Unit>
hadal_status rerank(hadal_model* handle, const Unit* query, int64_t query_size, const Unit* const* texts,
                    const int64_t* sizes, size_t count, const Unit* options, Caller caller, float* scores,
                    size_t capacity, size_t* size) noexcept {
  return guard([&]() -> hadal_status {
    const std::shared_ptr<Model> model = required(handle, "model").model;
    check_buffer(scores, capacity, "scores");
    SentenceEncoder& encoder = model->encoder();
    const EmbedSettings settings = encoder.settings(merged(*model, optional_text(options)));
    if (!encoder.scores())
      throw Error(Status::unsupported, "rerank: expected a cross-encoder, found an embedding model");
    if (size) *size = count;
    if (capacity == 0) return HADAL_OK;
    const size_t fit = std::min(count, capacity);
    const Texts given(*model, texts, sizes, fit);
    const bool replace = model->options().get("invalid_text") == "replace";
    const std::string asked = checked_text(text_in(query, query_size, "query"), replace, "query");
    encoder.rank(asked, given.get(), settings, {scores, fit}, caller);
    return fit == count ? HADAL_OK : HADAL_PARTIAL;
  });
}

constexpr auto kUnwatched = [](double) { return true; };

class ModelEmbedder final : public rag::Embedder {
 public:
  ModelEmbedder(std::shared_ptr<Model> model, std::string_view options) : model_(std::move(model)) {
    const auto settings = [&](std::string_view purpose) {
      Options all = merged(*model_, options);
      all.set("purpose", purpose, OptionLevel::vectors);
      all.set("normalize", "on", OptionLevel::vectors);
      all.set("long_text", "error", OptionLevel::vectors);
      return encoder().settings(all);
    };
    if (encoder().scores())
      throw Error(Status::unsupported, "embed: expected an embedding model, found one that ranks");
    query_ = settings("query");
    document_ = settings("document");
    const int64_t prefix = std::max(encoder().count_tokens(query_.prefix), encoder().count_tokens(document_.prefix));
    max_tokens_ = int(encoder().max_tokens() - encoder().special_tokens() - prefix);
    if (max_tokens_ < 1)
      throw Error(Status::invalid_argument, message("prefix: expected room for a text beside it, found ", prefix,
                                                    " of ", encoder().max_tokens(), " tokens taken"));
    fingerprint_ = model_->vectors_fingerprint(query_, document_);
  }

  int dimension() const override { return int(query_.dimensions > 0 ? query_.dimensions : encoder().hidden_size()); }
  std::string fingerprint() const override { return fingerprint_; }
  int max_tokens() const override { return max_tokens_; }
  int count_tokens(std::string_view text) override { return int(encoder().count_tokens(text)); }
  void embed(std::span<const std::string_view> texts, rag::Purpose purpose, std::span<float> vectors) override {
    encoder().embed(texts, purpose == rag::Purpose::query ? query_ : document_, vectors, kUnwatched);
  }

 private:
  SentenceEncoder& encoder() const { return model_->encoder(); }
  const std::shared_ptr<Model> model_;
  EmbedSettings query_, document_;
  int max_tokens_ = 0;
  std::string fingerprint_;
};

class ModelReranker final : public rag::Reranker {
 public:
  ModelReranker(std::shared_ptr<Model> model, std::string_view options) : model_(std::move(model)) {
    Options all = merged(*model_, options);
    all.set("long_text", "split", OptionLevel::vectors);   // a passage is never refused
    settings_ = model_->encoder().settings(all);
    if (!model_->encoder().scores())
      throw Error(Status::unsupported, "rerank: expected a cross-encoder, found an embedding model");
  }
  void rank(std::string_view query, std::span<const std::string_view> texts, std::span<float> scores) override {
    model_->encoder().rank(query, texts, settings_, scores, kUnwatched);
  }

 private:
  const std::shared_ptr<Model> model_;
  EmbedSettings settings_;
};

}  // namespace

namespace hadal::api {

std::unique_ptr<rag::Embedder> make_embedder(std::shared_ptr<Model> model, std::string_view options) {
  return std::make_unique<ModelEmbedder>(std::move(model), options);
}

std::unique_ptr<rag::Reranker> make_reranker(std::shared_ptr<Model> model, std::string_view options) {
  return std::make_unique<ModelReranker>(std::move(model), options);
}

}  // namespace hadal::api

hadal_status hadal_model_embed(hadal_model* model, const char* const* texts, const int64_t* sizes, size_t count,
                               const char* options, hadal_progress progress, void* progress_context, float* vectors,
                               size_t capacity, size_t* size) {
  return embed(model, texts, sizes, count, options, {progress, progress_context, "embed"}, vectors, capacity, size);
}
hadal_status hadal_model_embed16(hadal_model* model, const uint16_t* const* texts, const int64_t* sizes, size_t count,
                                 const uint16_t* options, hadal_progress progress, void* progress_context,
                                 float* vectors, size_t capacity, size_t* size) {
  return embed(model, texts, sizes, count, options, {progress, progress_context, "embed"}, vectors, capacity, size);
}

hadal_status hadal_model_rerank(hadal_model* model, const char* query, int64_t query_size, const char* const* texts,
                                const int64_t* sizes, size_t count, const char* options, hadal_progress progress,
                                void* progress_context, float* scores, size_t capacity, size_t* size) {
  return rerank(model, query, query_size, texts, sizes, count, options, {progress, progress_context, "rerank"}, scores,
                capacity, size);
}
hadal_status hadal_model_rerank16(hadal_model* model, const uint16_t* query, int64_t query_size,
                                  const uint16_t* const* texts, const int64_t* sizes, size_t count,
                                  const uint16_t* options, hadal_progress progress, void* progress_context,
                                  float* scores, size_t capacity, size_t* size) {
  return rerank(model, query, query_size, texts, sizes, count, options, {progress, progress_context, "rerank"}, scores,
                capacity, size);
}
