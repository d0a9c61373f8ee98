#include "generate/draft_layer.hpp"

#include <algorithm>
#include <cassert>

namespace hadal {
namespace {

Sizes sizes_for(int64_t tokens) { return {tokens, 1}; }

size_t row_bytes(const Program& program) {
  const Graph& graph = *program.draft();
  return size_t(graph.shape(graph.hidden()).cols) * sizeof(float);
}

}  // namespace

class LayerDrafter final : public Drafter {
 public:
  explicit LayerDrafter(DraftLayer& layer) : layer_(layer) {}

  bool wants_hidden() const override { return true; }
  bool start(const DraftJob& job) override;
  bool advance(FunctionRef<bool()> pause) override;
  void abandon() noexcept override;
  std::span<const int32_t> guesses() const override { return std::span(guesses_).first(size_t(num_guesses_)); }
  std::unique_ptr<Drafter> fork(int64_t) const override { return std::make_unique<LayerDrafter>(layer_); }

 private:
  void feed(std::span<const int32_t> tokens, int64_t position, const float* hidden);
  void take_guess();

  DraftLayer& layer_;
  DraftJob job_;
  bool running_ = false;
  int32_t last_row_ = 0;
  BatchSequence sequence_;
  std::array<int32_t, kMostDrafts> guesses_{};
  int64_t num_guesses_ = 0;
};

// Row i of the layer reads the hidden row of position i and the token of position i + 1.
bool LayerDrafter::start(const DraftJob& job) {
  job_ = job;
  num_guesses_ = 0;
  const int64_t behind = int64_t(job.timeline.size()) - 1 - job.first;   // rows whose next token is known
  job_.hidden.rows = std::min(job.hidden.rows, behind);
  // A guess follows from the row before the timeline's last token.
  job_.most = job_.hidden.rows == behind ? std::min(job.most, kMostDrafts) : 0;
  return job_.hidden.rows <= 0;
}

void LayerDrafter::feed(std::span<const int32_t> tokens, int64_t position, const float* hidden) {
  const size_t count = tokens.size();
  layer_.positions_.resize(count);   // within its capacity
  for (size_t i = 0; i < count; ++i) layer_.positions_[i] = int32_t(position + int64_t(i));
  last_row_ = int32_t(count) - 1;
  sequence_ = {0, int64_t(count), position, job_.pages};
  Batch batch{tokens, layer_.positions_, {&sequence_, 1}, {&last_row_, job_.most > 0 ? size_t(1) : size_t(0)}};
  batch.input = hidden;
  layer_.executor_.start(batch);
  running_ = true;
}

bool LayerDrafter::advance(FunctionRef<bool()> pause) {
  for (;;) {
    if (!running_ && num_guesses_ == 0) {
      const auto tokens = job_.timeline.subspan(size_t(job_.first) + 1, size_t(job_.hidden.rows));
      feed(tokens, job_.first, job_.hidden.row<const float>(0).data());
    } else if (!running_) {
      const auto row = layer_.executor_.hidden().row<const float>(last_row_);
      auto* kept = reinterpret_cast<float*>(layer_.row_.data());
      std::copy(row.begin(), row.end(), kept);
      const int64_t position = int64_t(job_.timeline.size()) - 2 + num_guesses_;
      feed(std::span(guesses_).subspan(size_t(num_guesses_) - 1, 1), position, kept);
    }
    if (!layer_.executor_.advance(pause)) return false;
    running_ = false;
    if (job_.most == 0) return true;
    take_guess();
    if (num_guesses_ == job_.most) return true;
  }
}

void LayerDrafter::take_guess() {
  const auto logits = layer_.executor_.output().row<const float>(0);
  guesses_[size_t(num_guesses_++)] = int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void LayerDrafter::abandon() noexcept {
  if (running_) layer_.executor_.abandon();
  running_ = false;
  num_guesses_ = 0;
}

DraftLayer::DraftLayer(const Program& program, std::shared_ptr<Host> host, TaskRunner& runner, int64_t tokens)
    : executor_(program, *program.draft(), host, runner, sizes_for(tokens)),
      row_(host, row_bytes(program), "draft layer") {
  positions_.reserve(size_t(tokens));
}

std::unique_ptr<Drafter> DraftLayer::make_drafter() { return std::make_unique<LayerDrafter>(*this); }

size_t DraftLayer::bytes(const Program& program, int64_t tokens, int workers) {
  return program.plan(*program.draft(), sizes_for(tokens), workers).arena_bytes + row_bytes(program);
}

}  // namespace hadal
