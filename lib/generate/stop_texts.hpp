// Texts that end a turn, found while the reply streams.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hadal {

// Text that could still become a stop text is held back. Where two match, the one that begins first counts.
class StopTexts {
 public:
  StopTexts() = default;
  explicit StopTexts(std::vector<std::string> texts);

  // Appends to out what is surely no part of a stop text. True when one was found: what stood before it is in out,
  // what stood after it is dropped.
  bool push(std::string_view text, std::string& out);
  // At the end of the turn: what is still held.
  void finish(std::string& out);

 private:
  std::vector<std::string> texts_;
  std::string held_;
};

}  // namespace hadal
