#include "generate/ngram_drafter.hpp"

#include <algorithm>

namespace hadal {
namespace {

constexpr size_t kShortest = 2;   // one common token says little
constexpr size_t kLongest = 8;    // a longer match is no better
// How far back is looked: far above any prompt that is worth quoting, and microseconds.
constexpr size_t kWindow = 1 << 16;

}  // namespace

int64_t look_up_continuation(std::span<const int32_t> timeline, std::span<int32_t> out) {
  if (timeline.size() > kWindow) timeline = timeline.last(kWindow);
  const size_t size = timeline.size();
  if (size <= kShortest || out.empty()) return 0;
  const int32_t last = timeline[size - 1], before = timeline[size - 2];
  size_t longest = 0, follows = 0;   // where the continuation begins
  for (size_t end = size - 2; end >= 1 && longest < kLongest; --end) {
    if (timeline[end] != last || timeline[end - 1] != before) continue;
    size_t length = kShortest;
    while (length < kLongest && length <= end && timeline[end - length] == timeline[size - 1 - length]) ++length;
    if (length <= longest) continue;
    longest = length;
    follows = end + 1;
  }
  if (longest == 0) return 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t at = follows + i;
    out[i] = at < size ? timeline[at] : out[at - size];
  }
  return int64_t(out.size());
}

bool NgramDrafter::start(const DraftJob& job) {
  const size_t room = size_t(std::min(job.most, kMostDrafts));
  num_guesses_ = look_up_continuation(job.timeline, std::span(guesses_).first(room));
  return true;
}

}  // namespace hadal
