#include "tokenizer/normalizer.hpp"

#include "core/utf8.hpp"
#include "tokenizer/char_class.hpp"
#include "tokenizer/nfc.hpp"

namespace hadal {
namespace {

void append_words(std::string_view text, const std::string& bar, std::string& out) {
  const char* const end = text.data() + text.size();
  bool in_word = false;
  for (const char* at = text.data(); at < end;) {
    const char* const here = at;
    const bool space = class_of(next_code_point(at)) & kSpace;
    if (!space && !in_word && !std::string_view(here, size_t(end - here)).starts_with(bar)) out += bar;
    if (!space) out.append(here, at);
    in_word = !space;
  }
}

}  // namespace

std::string_view Normalizer::apply(std::string_view text, bool first_fragment, std::string& storage) const {
  std::string made;
  for (const Step& step : steps_) {
    made.clear();
    switch (step.kind) {
      case Step::Kind::nfc:
        if (is_plainly_nfc(text)) continue;
        append_nfc(text, made);
        break;
      case Step::Kind::bert:
        step.bert.append(text, made);
        break;
      case Step::Kind::charsmap:
        step.map->append(text, made);
        break;
      case Step::Kind::words:
        append_words(text, step.to, made);
        break;
      case Step::Kind::prepend:
      case Step::Kind::prepend_once:
      case Step::Kind::prepend_first:
        if (text.empty()) continue;
        if (step.kind == Step::Kind::prepend_first && !first_fragment) continue;
        if (step.kind != Step::Kind::prepend && text.starts_with(step.to)) continue;
        made.reserve(step.to.size() + text.size());
        made.append(step.to).append(text);
        break;
      case Step::Kind::replace: {
        size_t found = text.find(step.from);
        if (found == std::string_view::npos) continue;
        made.reserve(text.size() + text.size() / 2);
        size_t done = 0;
        for (; found != std::string_view::npos; found = text.find(step.from, done)) {
          made.append(text, done, found - done).append(step.to);
          done = found + step.from.size();
        }
        made.append(text, done);
        break;
      }
    }
    storage.swap(made);
    text = storage;
  }
  return text;
}

}  // namespace hadal
