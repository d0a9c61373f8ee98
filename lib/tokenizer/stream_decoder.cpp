#include "tokenizer/tokenizer.hpp"
#include "core/utf8.hpp"

namespace hadal {

std::string decode(const Tokenizer& tokenizer, std::span<const int32_t> ids, bool skip_special) {
  std::string out;
  StreamDecoder decoder(tokenizer);
  for (const int32_t id : ids)
    if (!skip_special || !tokenizer.is_special(id)) decoder.push(id, out);
  decoder.finish(out);
  return out;
}

void StreamDecoder::push(int32_t id, std::string& out) {
  const size_t before = held_.size();
  tokenizer_->append_bytes(id, held_);
  if (held_.size() == before) return;
  if (at_start_) {
    at_start_ = false;
    if (tokenizer_->drops_first_space() && held_[0] == ' ') held_.erase(0, 1);
  }
  held_.erase(0, append_repaired_utf8(held_, true, out));
}

void StreamDecoder::finish(std::string& out) {
  append_repaired_utf8(held_, false, out);
  held_.clear();
}

}  // namespace hadal
