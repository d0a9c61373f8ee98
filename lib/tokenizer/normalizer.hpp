// What is done to the text between added tokens before it is cut into pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/bert_normalizer.hpp"
#include "tokenizer/charsmap.hpp"

namespace hadal {

class Normalizer {
 public:
  void add_nfc() { steps_.push_back({.kind = Step::Kind::nfc}); }
  void add_bert(const BertNormalizer& how) { steps_.push_back({.kind = Step::Kind::bert, .bert = how}); }
  void add_charsmap(Charsmap map) {
    steps_.push_back({.kind = Step::Kind::charsmap, .map = std::make_shared<const Charsmap>(std::move(map))});
  }
  // Words between white space, each with `bar` in front unless it has it already; the white space drops out.
  void add_words(std::string bar) { steps_.push_back({.kind = Step::Kind::words, .to = std::move(bar)}); }
  // In front of the text, unless that is empty.
  void add_prepend(std::string text) { steps_.push_back({.kind = Step::Kind::prepend, .to = std::move(text)}); }
  // The same, unless the text begins with it already.
  void add_prepend_once(std::string text) {
    steps_.push_back({.kind = Step::Kind::prepend_once, .to = std::move(text)});
  }
  // prepend_once for the first fragment of the text only.
  void add_prepend_first(std::string text) {
    steps_.push_back({.kind = Step::Kind::prepend_first, .to = std::move(text)});
  }
  // Every occurrence of `from`, which is not empty.
  void add_replace(std::string from, std::string to) {
    steps_.push_back({.kind = Step::Kind::replace, .from = std::move(from), .to = std::move(to)});
  }

  // The normalised text: `text` itself if nothing changed, else a view of `storage`, which must be empty. Valid UTF-8
  // stays valid.
  std::string_view apply(std::string_view text, bool first_fragment, std::string& storage) const;

 private:
  struct Step {
    enum class Kind { nfc, bert, charsmap, words, prepend, prepend_once, prepend_first, replace };
    Kind kind;
    std::string from = {}, to = {};
    BertNormalizer bert = {};
    std::shared_ptr<const Charsmap> map = {};
  };
  std::vector<Step> steps_;
};

}  // namespace hadal
