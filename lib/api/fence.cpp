#include "api/fence.hpp"

#include <algorithm>
#include <cstring>

#include "api/utf16.hpp"

namespace hadal::api {
namespace {

// Plain memory, so that neither a failing allocation nor unloading the library can get in the way.
thread_local char t_sentence[1024];
thread_local uint16_t t_sentence16[1024];

}  // namespace

hadal_status remember(Status status, std::string_view sentence) noexcept {
  size_t size = std::min(sentence.size(), sizeof t_sentence - 1);
  while (size > 0 && size < sentence.size() && (static_cast<unsigned char>(sentence[size]) & 0xC0) == 0x80) --size;
  if (size > 0) std::memcpy(t_sentence, sentence.data(), size);
  t_sentence[size] = 0;
  return hadal_status(status);
}

const char* last_error() noexcept { return t_sentence; }

const uint16_t* last_error16() noexcept {
  const std::string_view text = t_sentence;
  size_t units = 0;
  for (size_t at = 0; at < text.size() && units + 2 < std::size(t_sentence16);) {
    const char32_t c = next_character(text, at);
    units += put_utf16(c, t_sentence16 + units);
  }
  t_sentence16[units] = 0;
  return t_sentence16;
}

}  // namespace hadal::api
