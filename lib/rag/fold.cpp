#include "rag/fold.hpp"

#include <algorithm>
#include <iterator>

namespace hadal::rag {
namespace {

struct Folded {
  char32_t from;
  char32_t to[3];   // unused ones are 0
};
constexpr Folded kFolded[] = {
#include "rag/tables/fold.inc"
};

}  // namespace

int fold(char32_t c, char32_t out[3]) {
  if (c < 0x80) {
    out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    return 1;
  }
  const auto* entry = std::lower_bound(std::begin(kFolded), std::end(kFolded), c,
                                       [](const Folded& f, char32_t wanted) { return f.from < wanted; });
  if (entry == std::end(kFolded) || entry->from != c) {
    out[0] = c;
    return 1;
  }
  int n = 0;
  while (n < 3 && entry->to[n] != 0) out[n] = entry->to[n], ++n;
  return n;
}

}  // namespace hadal::rag
