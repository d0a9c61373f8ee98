// Prompt lookup: where the last tokens have stood before, what followed them then is the guess (Saxena, "Prompt lookup
// decoding", 2023). It follows from the timeline alone, so there is nothing to fork, rewind or save.
#pragma once

#include <array>

#include "generate/drafter.hpp"

namespace hadal {

// Fills out with what followed the longest earlier occurrence of the timeline's end, the latest among equals. Where
// that runs into the end itself the guesses go on from each other, so that a repeated phrase is repeated. Returns how
// many, 0 if the last two tokens have not stood together before.
int64_t look_up_continuation(std::span<const int32_t> timeline, std::span<int32_t> out);

class NgramDrafter final : public Drafter {
 public:
  bool start(const DraftJob& job) override;
  bool advance(FunctionRef<bool()>) override { return true; }
  std::span<const int32_t> guesses() const override { return std::span(guesses_).first(size_t(num_guesses_)); }
  std::unique_ptr<Drafter> fork(int64_t) const override { return std::make_unique<NgramDrafter>(); }

 private:
  std::array<int32_t, kMostDrafts> guesses_{};
  int64_t num_guesses_ = 0;
};

}  // namespace hadal
