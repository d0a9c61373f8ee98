#include "generate/stop_texts.hpp"

#include <algorithm>

namespace hadal {

StopTexts::StopTexts(std::vector<std::string> texts) : texts_(std::move(texts)) {
  std::erase_if(texts_, [](const std::string& text) { return text.empty(); });
}

bool StopTexts::push(std::string_view text, std::string& out) {
  if (texts_.empty()) {
    out += text;
    return false;
  }
  held_ += text;
  size_t found = std::string::npos;
  for (const std::string& stop : texts_) found = std::min(found, held_.find(stop));
  if (found != std::string::npos) {
    out.append(held_, 0, found);
    held_.clear();
    return true;
  }
  size_t hold = 0;   // the longest end of held_ that begins a stop text
  for (const std::string& stop : texts_) {
    for (size_t n = std::min(stop.size() - 1, held_.size()); n > hold; --n) {
      if (std::string_view(held_).substr(held_.size() - n) == std::string_view(stop).substr(0, n)) {
        hold = n;
        break;
      }
    }
  }
  out.append(held_, 0, held_.size() - hold);
  held_.erase(0, held_.size() - hold);
  return false;
}

void StopTexts::finish(std::string& out) {
  out += held_;
  held_.clear();
}

}  // namespace hadal
