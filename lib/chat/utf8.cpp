#include "chat/utf8.hpp"

#include "core/utf8.hpp"

namespace hadal::jinja {

char32_t code_point_at(std::string_view text, size_t pos) {
  constexpr char32_t kReplacement = 0xFFFD;
  const char* at = text.data() + pos;
  if (utf8_step(at, text.data() + text.size()).kind != Utf8Step::Kind::character) return kReplacement;
  return next_code_point(at);
}

}  // namespace hadal::jinja
