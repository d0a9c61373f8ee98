// A drafter that knows what is going to be said and is wrong as often as it is told to be: it stands for a model's own
// draft layer.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "generate/drafter.hpp"
#include "generate/sampler.hpp"

namespace hadal::test {

struct Script {
  std::vector<int32_t> timeline;   // the tokens from the first one on
  double right = 1;                // share of right guesses
  int slices = 0;                  // calls of advance() a job takes
  bool wants_hidden = false;
  // What its drafters were called with.
  int jobs = 0, abandoned = 0, forks = 0;
  int64_t last_cut = -1;
};

class ScriptedDrafter final : public Drafter {
 public:
  explicit ScriptedDrafter(std::shared_ptr<Script> script) : script_(std::move(script)), random_(7) {}

  bool wants_hidden() const override { return script_->wants_hidden; }
  bool start(const DraftJob& job) override {
    ++script_->jobs;
    num_ = 0;
    for (size_t at = job.timeline.size(); num_ < job.most && at < script_->timeline.size(); ++at) {
      const bool right = random_.uniform() < script_->right;
      guesses_[size_t(num_++)] = right ? script_->timeline[at] : (script_->timeline[at] + 1) % 256;
    }
    slices_left_ = script_->slices;
    return slices_left_ == 0;
  }
  bool advance(FunctionRef<bool()> pause) override {
    while (slices_left_ > 0) {
      --slices_left_;
      if (slices_left_ > 0 && pause()) return false;
    }
    return true;
  }
  void abandon() noexcept override { ++script_->abandoned; }
  std::span<const int32_t> guesses() const override { return std::span(guesses_).first(size_t(num_)); }
  void cut(int64_t tokens) noexcept override { script_->last_cut = tokens; }
  std::unique_ptr<Drafter> fork(int64_t) const override {
    ++script_->forks;
    return std::make_unique<ScriptedDrafter>(script_);
  }

 private:
  std::shared_ptr<Script> script_;
  Random random_;
  std::array<int32_t, kMostDrafts> guesses_{};
  int64_t num_ = 0;
  int slices_left_ = 0;
};

}  // namespace hadal::test
