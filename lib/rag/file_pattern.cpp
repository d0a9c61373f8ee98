#include "rag/file_pattern.hpp"

#include <cstddef>

namespace hadal::rag {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

// Goes back to the last star of either kind only, so that time stays within pattern times text squared at worst.
bool glob(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0, t = 0;
  size_t star = kNone, star_text = 0;   // * may not pass a /
  size_t deep = kNone, deep_text = 0;   // ** may
  bool folders = false;                 // "**/" stands for whole folders, or none
  while (t < text.size()) {
    if (pattern.substr(p).starts_with("**")) {
      p += 2;
      folders = p < pattern.size() && pattern[p] == '/' && (p == 2 || pattern[p - 3] == '/');
      p += folders;
      deep = p, deep_text = t;
      star = kNone;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = ++p, star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' ? text[t] != '/' : lower(pattern[p]) == lower(text[t]))) {
      ++p, ++t;
    } else if (star != kNone && text[star_text] != '/') {
      p = star, t = ++star_text;
    } else if (deep != kNone) {
      if (folders) {
        deep_text = text.find('/', deep_text);
        if (deep_text == kNone) return false;
      }
      star = kNone;
      p = deep, t = ++deep_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.find('/') == std::string_view::npos) {
    const size_t slash = path.rfind('/');
    if (slash != std::string_view::npos) path = path.substr(slash + 1);
  }
  return glob(pattern, path);
}

bool matches_any(std::string_view patterns, std::string_view path) {
  for (size_t at = 0; at < patterns.size();) {
    const size_t end = patterns.find(' ', at);
    const std::string_view pattern = patterns.substr(at, end == std::string_view::npos ? end : end - at);
    if (!pattern.empty() && matches(pattern, path)) return true;
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return false;
}

}  // namespace hadal::rag
