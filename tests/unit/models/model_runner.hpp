// Runs a text model's graph directly, without sessions: what the model and backend tests measure.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/buffer.hpp"
#include "graph/executor.hpp"
#include "models/text_model.hpp"

namespace hadal::test {

class ModelRunner {
 public:
  ModelRunner(const TextModel& model, std::string_view backend, const BackendOptions& options, TaskRunner& runner,
              int64_t most_tokens = 512)
      : host_(system_host()),
        runner_(runner),
        program_(model.graph, open_backend(backend, options), model.weights, model.draft ? &*model.draft : nullptr) {
    program_.pack(host_, runner, [](const Weight&, bool) {});
    executor_ = std::make_unique<Executor>(program_, host_, runner, Sizes{most_tokens, most_tokens});
  }

  // Feeds tokens behind what was fed before and returns the logits of each, [tokens, vocab], `chunk` at a time.
  std::vector<float> feed(std::span<const int32_t> tokens, int64_t chunk) {
    std::vector<float> logits;
    for (size_t begin = 0; begin < tokens.size(); begin += size_t(chunk))
      feed_piece(*executor_, tokens.subspan(begin, std::min(size_t(chunk), tokens.size() - begin)), nullptr, logits);
    return logits;
  }

  // The draft graph's logits of each row of `hidden`, [tokens, hidden_size], with the token that follows it.
  std::vector<float> draft(std::span<const int32_t> next_tokens, const std::vector<float>& hidden, int64_t chunk) {
    if (!draft_executor_)
      draft_executor_ = std::make_unique<Executor>(program_, *program_.draft(), host_, runner_, executor_->max());
    position_ = 0;
    std::vector<float> logits;
    const size_t cols = hidden.size() / next_tokens.size();
    for (size_t begin = 0; begin < next_tokens.size(); begin += size_t(chunk))
      feed_piece(*draft_executor_, next_tokens.subspan(begin, std::min(size_t(chunk), next_tokens.size() - begin)),
                 hidden.data() + begin * cols, logits);
    return logits;
  }

  // The main graph's hidden rows of all tokens fed since reset(), where it keeps them.
  const std::vector<float>& hidden() const { return hidden_; }

  void reset() {
    hidden_.clear();
    pages_.clear();
    memory_.clear();
    position_ = 0;
  }

  const Program& program() const { return program_; }

 private:
  void feed_piece(Executor& executor, std::span<const int32_t> tokens, const float* input, std::vector<float>& logits) {
    const int64_t count = int64_t(tokens.size());
    while (int64_t(pages_.size()) * CacheLayout::kPageTokens < position_ + count) {
      Buffer& page = memory_.emplace_back(host_, program_.cache_layout().page_bytes, "cache page");
      std::fill_n(page.data(), page.size(), std::byte{0});
      pages_.push_back(page.data());
    }
    std::vector<int32_t> positions, rows;
    for (int64_t i = 0; i < count; ++i) positions.push_back(int32_t(position_ + i)), rows.push_back(int32_t(i));
    const BatchSequence sequence{0, count, position_, pages_};
    executor.start({tokens, positions, {&sequence, 1}, rows, input});
    executor.advance([] { return false; });
    const auto append = [&](const Tensor& from, std::vector<float>& to) {
      for (int64_t row = 0; row < count; ++row) {
        const auto values = from.row<const float>(row);
        to.insert(to.end(), values.begin(), values.end());
      }
    };
    append(executor.output(), logits);
    if (&executor == executor_.get() && program_.graph().hidden().valid()) append(executor.hidden(), hidden_);
    position_ += count;
  }

  std::shared_ptr<Host> host_;
  TaskRunner& runner_;
  Program program_;
  std::unique_ptr<Executor> executor_, draft_executor_;
  std::vector<float> hidden_;
  std::vector<Buffer> memory_;
  std::vector<std::byte*> pages_;
  int64_t position_ = 0;
};

}  // namespace hadal::test
