#include <algorithm>
#include <utility>

#include "chat/chat.hpp"

namespace hadal {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kBar = "\xEF\xBD\x9C";          // U+FF5C
constexpr std::string_view kLowBlock = "\xE2\x96\x81";     // U+2581

std::string replaced(std::string text, std::string_view old, std::string_view with) {
  for (size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += with.size())
    text.replace(at, old.size(), with);
  return text;
}

// The marker itself first.
std::vector<std::string> spellings(const std::string& marker) {
  std::vector<std::string> all;
  for (std::string_view bar : {kBar, std::string_view("|")})
    for (std::string_view gap : {kLowBlock, std::string_view("_"), std::string_view(" ")}) {
      std::string spelling = replaced(replaced(marker, kBar, bar), kLowBlock, gap);
      if (std::find(all.begin(), all.end(), spelling) == all.end()) all.push_back(std::move(spelling));
    }
  return all;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(kBlanks) == std::string_view::npos; }

bool is_control(std::string_view marker) {
  return marker.find('|') != std::string_view::npos || marker.find(kBar) != std::string_view::npos;
}

// An opened thought that the prompt leaves open. Behind it only a beginning of the reply may stand, no further turn;
// what a user has written about "<think>" is followed by the control token of the assistant's turn.
bool ends_in_thought(std::string_view prompt, const ReplyFormat& format) {
  const size_t open = prompt.rfind(format.thought_open);
  if (open == std::string_view::npos) return false;
  const std::string_view rest = prompt.substr(open + format.thought_open.size());
  if (is_blank(rest)) return true;
  for (std::string_view turn :
       {std::string_view(format.thought_close), std::string_view("<|"), std::string_view("<\xEF\xBD\x9C"),
        std::string_view("[/INST]"), std::string_view("Assistant:")})
    if (rest.find(turn) != std::string_view::npos) return false;
  return true;
}

}  // namespace

ReplySplitter::ReplySplitter(ReplyFormat format, std::string_view prompt) {
  const auto add = [&](const std::string& marker, Role role) {
    if (marker.empty()) return;
    for (std::string& spelling : spellings(marker)) markers_.push_back({std::move(spelling), role});
  };
  add(format.thought_open, Role::thought_open);
  add(format.thought_close, Role::thought_close);
  add(format.tool_calls_open, Role::calls_open);
  add(format.tool_calls_close, Role::calls_close);

  const size_t last = prompt.find_last_not_of(kBlanks);
  const std::string_view tail = prompt.substr(0, last == std::string_view::npos ? 0 : last + 1);
  if (!format.thought_open.empty() && ends_in_thought(prompt, format)) begin_section(PieceKind::thought);
  else if (!format.thought_close.empty() && tail.ends_with(format.thought_close)) begin_section(PieceKind::answer);
}

void ReplySplitter::begin_section(PieceKind kind) {
  state_ = kind;
  blanks_.clear();
  trim_ = true;
  answered_ = false;
}

bool ReplySplitter::counts(const Marker& marker) const {
  switch (state_) {
    case PieceKind::thought:
      // R1 repeats the "<think>" that its prompt ends in now and then.
      return marker.role == Role::thought_close || (marker.role == Role::thought_open && !answered_) ||
             (marker.role == Role::calls_open && is_control(marker.text));
    case PieceKind::answer: return marker.role != Role::calls_close;
    case PieceKind::tool_call: return marker.role == Role::calls_close;
  }
  return false;
}

const ReplySplitter::Marker* ReplySplitter::marker_at(size_t at, bool& maybe) const {
  const std::string_view rest = std::string_view(held_).substr(at);
  const Marker* longest = nullptr;
  for (const Marker& marker : markers_) {
    if (!counts(marker)) continue;
    if (rest.starts_with(marker.text)) {
      if (!longest || marker.text.size() > longest->text.size()) longest = &marker;
    } else if (std::string_view(marker.text).starts_with(rest)) {
      maybe = true;
    }
  }
  return longest;
}

void ReplySplitter::enter(const Marker& marker, std::vector<ReplyPiece>& out) {
  const bool open = marker.role == Role::thought_open;
  if (state_ == PieceKind::answer && answered_ && open) {
    ++quoted_thoughts_;
    return show(marker.text, out);
  }
  if (state_ == PieceKind::answer && answered_ && marker.role == Role::thought_close) {
    if (quoted_thoughts_ == 0) return;  // nothing has opened it, and what it closed is shown already
    --quoted_thoughts_;
    return show(marker.text, out);
  }
  if (state_ == PieceKind::tool_call && !blanks_.empty() && !trim_)
    out.push_back({state_, blanks_});  // one call a line
  begin_section(open                                ? PieceKind::thought
                : marker.role == Role::calls_open ? PieceKind::tool_call
                                                  : PieceKind::answer);
}

// Blanks at the end wait for what follows; those after a marker go, up to the first line with text.
void ReplySplitter::show(std::string_view text, std::vector<ReplyPiece>& out) {
  blanks_ += text;
  const size_t last = blanks_.find_last_not_of(kBlanks);
  if (last == std::string::npos) return;
  size_t begin = 0;
  if (trim_) {
    const size_t first = blanks_.find_first_not_of(kBlanks);
    const size_t line = blanks_.rfind('\n', first);
    begin = line == std::string::npos ? first : line + 1;
  }
  trim_ = false;
  answered_ = true;
  out.push_back({state_, blanks_.substr(begin, last + 1 - begin)});
  blanks_.erase(0, last + 1);
}

void ReplySplitter::push(std::string_view text, std::vector<ReplyPiece>& out) {
  held_ += text;
  size_t at = 0;
  while (at < held_.size()) {
    // Every marker begins with one of these two.
    const size_t next = markers_.empty() ? std::string::npos : held_.find_first_of("<[", at);
    if (next != at) {
      const size_t end = std::min(next, held_.size());
      show(std::string_view(held_).substr(at, end - at), out);
      at = end;
      continue;
    }
    bool maybe = false;
    if (const Marker* marker = marker_at(at, maybe)) {
      at += marker->text.size();
      enter(*marker, out);
    } else if (maybe) {
      break;
    } else {
      show(std::string_view(held_).substr(at, 1), out);
      ++at;
    }
  }
  held_.erase(0, at);
}

void ReplySplitter::finish(std::vector<ReplyPiece>& out) {
  if (!held_.empty()) show(std::exchange(held_, {}), out);
  if (!trim_ && !blanks_.empty()) out.push_back({state_, blanks_});
  blanks_.clear();
}

}  // namespace hadal
