#include "answer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "interrupt.hpp"

namespace {

// How long a wait may last before Ctrl-C is looked at.
constexpr int64_t kSliceMicroseconds = 50'000;

double per_second(int64_t tokens, int64_t microseconds) {
  return microseconds > 0 ? static_cast<double>(tokens) * 1e6 / static_cast<double>(microseconds) : 0;
}

}  // namespace

hadal_usage stream_answer(hadal_session* session, const std::function<void(int32_t, std::string_view)>& show) {
  char piece[1024];
  for (bool cancelled = false;;) {
    int32_t state = 0, kind = 0;
    check(hadal_session_wait(session, kSliceMicroseconds, &state));
    hadal_status status;
    for (size_t size = 0; (status = hadal_session_read(session, &kind, piece, sizeof piece, &size)) >= 0;) {
      if (status != HADAL_OK && status != HADAL_PARTIAL) break;
      show(kind, {piece, std::min(size, sizeof piece)});
    }
    check(status);
    if (status == HADAL_END) break;
    if (interrupt::asked() && !cancelled) {
      check(hadal_session_cancel(session));
      cancelled = true;
    }
  }
  hadal_usage usage{};
  usage.size = sizeof usage;
  check(hadal_session_usage(session, &usage));
  return usage;
}

const char* finish_name(int32_t finish) {
  switch (finish) {
    case HADAL_FINISH_STOP: return "stop";
    case HADAL_FINISH_STOP_TEXT: return "stop_text";
    case HADAL_FINISH_LENGTH: return "length";
    case HADAL_FINISH_CONTEXT: return "context";
    case HADAL_FINISH_CANCELLED: return "cancelled";
    case HADAL_FINISH_ERROR: return "error";
    default: return "none";
  }
}

std::string drafts_text(const hadal_usage& usage) {
  if (usage.drafted_tokens <= 0) return "";
  const int64_t steps = std::max<int64_t>(1, usage.generated_tokens - usage.accepted_tokens);
  return fmt::format("drafts {} of {} right, {:.2f} tokens a step", usage.accepted_tokens, usage.drafted_tokens,
                     static_cast<double>(usage.generated_tokens) / static_cast<double>(steps));
}

std::string speed_line(const hadal_usage& usage) {
  const int64_t fed = usage.prompt_tokens - usage.reused_tokens;
  // The first generated token comes with the prompt; the others are what decoding time was spent on.
  const int64_t decoded = usage.generated_tokens > 1 ? usage.generated_tokens - 1 : 0;
  std::string line = fmt::format("prompt {} tokens", fed);
  if (usage.prompt_us > 0) line += fmt::format(", {:.1f} tok/s", per_second(fed, usage.prompt_us));
  line += fmt::format(" · answer {} tokens", usage.generated_tokens);
  if (usage.decode_us > 0 && decoded > 0) line += fmt::format(", {:.1f} tok/s", per_second(decoded, usage.decode_us));
  if (const std::string drafts = drafts_text(usage); !drafts.empty()) line += " · " + drafts;
  line += fmt::format(" · context {} of {}", usage.tokens, usage.context);
  if (usage.finish == HADAL_FINISH_LENGTH) line += " · stopped at max_tokens";
  if (usage.finish == HADAL_FINISH_CONTEXT) line += " · the context is full";
  if (usage.finish == HADAL_FINISH_CANCELLED) line += " · cancelled";
  return line;
}
