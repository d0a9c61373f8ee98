// A reply while it is generated: token by token into text, stop texts found, thoughts, answer and tool calls taken
// apart, pieces queued until somebody reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.hpp"
#include "generate/stop_texts.hpp"
#include "tokenizer/tokenizer.hpp"

namespace hadal {

class Reply {
 public:
  // splitter: none for raw text, which is all answer. tokenizer may be nullptr: then tokens have no text.
  Reply(const Tokenizer* tokenizer, std::vector<std::string> stops, std::optional<ReplySplitter> splitter);

  // True when a stop text was found.
  bool push(int32_t id);
  void finish();

  // Text that nobody generated, as an answer.
  void say(std::string_view text) { split(text); }

  bool has_pieces() const { return next_ < pieces_.size(); }
  // At most `most` bytes of the next piece, cut between characters.
  bool take(ReplyPiece& out, size_t most);
  void forget_pieces();

  const std::string& raw() const { return raw_; }
  const std::string& text(PieceKind kind) const { return texts_[size_t(kind) - 1]; }

 private:
  void split(std::string_view text);

  std::optional<StreamDecoder> decoder_;
  StopTexts stops_;
  std::optional<ReplySplitter> splitter_;
  bool stopped_ = false;
  std::string raw_;         // without stop text, markers included
  std::string texts_[3];    // by kind
  std::string decoded_, passed_;
  std::vector<ReplyPiece> fresh_, pieces_;
  size_t next_ = 0;         // into pieces_
};

}  // namespace hadal
