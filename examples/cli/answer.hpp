// One turn of a session, piece by piece, that Ctrl-C can stop.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "call.hpp"

// Computes the turn that what was added asks for. Each piece goes to `show` as it comes; Ctrl-C cancels the turn, which
// then finishes as "cancelled". Throws Failure if the library fails.
hadal_usage stream_answer(hadal_session* session, const std::function<void(int32_t kind, std::string_view text)>& show);

// "stop", "length", ... of a HADAL_FINISH_ number.
const char* finish_name(int32_t finish);

// "drafts 30 of 41 right, 2.31 tokens a step", or "" without drafts.
std::string drafts_text(const hadal_usage& usage);

// "prompt 31 tokens, 512.3 tok/s · answer 12 tokens, 80.1 tok/s · context 43 of 2048"
std::string speed_line(const hadal_usage& usage);
