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
        program_(model.graph, open_backend(backend, options), model.weights) {
    program_.pack(host_, runner, [](const Weight&, bool) {});
    executor_ = std::make_unique<Executor>(program_, host_, runner, Sizes{most_tokens, most_tokens});
  }

  // Feeds tokens behind what was fed before and returns the logits of each, [tokens, vocab], `chunk` at a time.
  std::vector<float> feed(std::span<const int32_t> tokens, int64_t chunk) {
    std::vector<float> logits;
    for (size_t begin = 0; begin < tokens.size(); begin += size_t(chunk))
      feed_piece(tokens.subspan(begin, std::min(size_t(chunk), tokens.size() - begin)), logits);
    return logits;
  }

  void reset() {
    pages_.clear();
    memory_.clear();
    position_ = 0;
  }

  const Program& program() const { return program_; }

 private:
  void feed_piece(std::span<const int32_t> tokens, std::vector<float>& logits) {
    const int64_t count = int64_t(tokens.size());
    while (int64_t(pages_.size()) * CacheLayout::kPageTokens < position_ + count) {
      Buffer& page = memory_.emplace_back(host_, program_.cache_layout().page_bytes, "cache page");
      std::fill_n(page.data(), page.size(), std::byte{0});
      pages_.push_back(page.data());
    }
    std::vector<int32_t> positions, rows;
    for (int64_t i = 0; i < count; ++i) positions.push_back(int32_t(position_ + i)), rows.push_back(int32_t(i));
    const BatchSequence sequence{0, count, position_, pages_};
    executor_->start({tokens, positions, {&sequence, 1}, rows});
    executor_->advance([] { return false; });
    const Tensor output = executor_->output();
    for (int64_t row = 0; row < count; ++row) {
      const auto values = output.row<const float>(row);
      logits.insert(logits.end(), values.begin(), values.end());
    }
    position_ += count;
  }

  std::shared_ptr<Host> host_;
  Program program_;
  std::unique_ptr<Executor> executor_;
  std::vector<Buffer> memory_;
  std::vector<std::byte*> pages_;
  int64_t position_ = 0;
};

}  // namespace hadal::test
