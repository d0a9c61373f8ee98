#include "generate/reply.hpp"

namespace hadal {

Reply::Reply(const Tokenizer* tokenizer, std::vector<std::string> stops, std::optional<ReplySplitter> splitter)
    : stops_(std::move(stops)), splitter_(std::move(splitter)) {
  if (tokenizer) decoder_.emplace(*tokenizer);
}

bool Reply::push(int32_t id) {
  if (!decoder_ || stopped_) return stopped_;
  decoded_.clear();
  passed_.clear();
  decoder_->push(id, decoded_);
  stopped_ = stops_.push(decoded_, passed_);
  split(passed_);
  return stopped_;
}

void Reply::finish() {
  if (!decoder_) return;
  if (!stopped_) {
    decoded_.clear();
    passed_.clear();
    decoder_->finish(decoded_);
    if (!stops_.push(decoded_, passed_)) stops_.finish(passed_);
    split(passed_);
  }
  if (!splitter_) return;
  fresh_.clear();
  splitter_->finish(fresh_);
  split({});
}

// Queues text, or what the splitter has made of it.
void Reply::split(std::string_view text) {
  raw_ += text;
  if (splitter_) {
    if (!text.empty()) {
      fresh_.clear();
      splitter_->push(text, fresh_);
    }
  } else {
    fresh_.clear();
    if (!text.empty()) fresh_.push_back({PieceKind::answer, std::string(text)});
  }
  for (ReplyPiece& piece : fresh_) {
    if (piece.text.empty()) continue;
    texts_[size_t(piece.kind) - 1] += piece.text;
    if (has_pieces() && pieces_.back().kind == piece.kind) pieces_.back().text += piece.text;
    else pieces_.push_back(std::move(piece));
  }
  fresh_.clear();
}

bool Reply::take(ReplyPiece& out, size_t most) {
  if (!has_pieces()) return false;
  ReplyPiece& front = pieces_[next_];
  out.kind = front.kind;
  size_t size = front.text.size();
  if (size > most) {
    size = most;
    while (size > 0 && (static_cast<unsigned char>(front.text[size]) & 0xC0) == 0x80) --size;
  }
  out.text.assign(front.text, 0, size);
  front.text.erase(0, size);
  if (front.text.empty()) ++next_;
  if (!has_pieces()) forget_pieces();
  return true;
}

void Reply::forget_pieces() {
  pieces_.clear();
  next_ = 0;
}

}  // namespace hadal
