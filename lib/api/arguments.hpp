// Checking what callers give and handing results out, the same way in every call.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "api/fence.hpp"
#include "api/utf16.hpp"
#include "core/message.hpp"

namespace hadal::api {

template <class T>
T& required(T* pointer, std::string_view what) {
  if (!pointer) throw Error(Status::invalid_argument, message(what, ": expected a pointer, found NULL"));
  return *pointer;
}

// A text with its size, -1 = up to the NUL. NULL is only allowed for an empty text.
inline std::string_view text_in(const char* text, int64_t size, std::string_view what) {
  if (size < -1) throw Error(Status::invalid_argument, message(what, ": expected a size of at least -1, found ", size));
  if (!text && size != 0) throw Error(Status::invalid_argument, message(what, ": expected a text, found NULL"));
  if (size >= 0) return {text ? text : "", size_t(size)};
  return text;
}
inline std::string text_in(const uint16_t* text, int64_t size, std::string_view what) {
  if (size < -1) throw Error(Status::invalid_argument, message(what, ": expected a size of at least -1, found ", size));
  if (!text && size != 0) throw Error(Status::invalid_argument, message(what, ": expected a text, found NULL"));
  size_t units = size_t(size);
  if (size == -1)
    for (units = 0; text[units] != 0;) ++units;
  return units == 0 ? std::string() : from_utf16(text, units, what);
}
// NULL counts as empty.
inline std::string_view optional_text(const char* text) { return text ? std::string_view(text) : std::string_view(); }
inline std::string optional_text(const uint16_t* text) { return text ? text_in(text, -1, "text") : std::string(); }

template <class Unit>
void check_buffer(const Unit* buffer, size_t capacity, std::string_view what = "buffer") {
  if (!buffer && capacity != 0)
    throw Error(Status::invalid_argument, message(what, ": expected memory for ", capacity, " elements, found NULL"));
}

// Writes what fits, cut between characters, with a NUL behind it where there is room.
inline hadal_status text_out(std::string_view text, char* buffer, size_t capacity, size_t* size) {
  check_buffer(buffer, capacity);
  if (size) *size = text.size();
  if (capacity == 0) return HADAL_OK;
  if (text.size() <= capacity) {
    if (!text.empty()) std::memcpy(buffer, text.data(), text.size());
    if (text.size() < capacity) buffer[text.size()] = 0;
    return HADAL_OK;
  }
  size_t fits = capacity - 1;
  while (fits > 0 && (static_cast<unsigned char>(text[fits]) & 0xC0) == 0x80) --fits;
  if (fits > 0) std::memcpy(buffer, text.data(), fits);
  buffer[fits] = 0;
  return HADAL_PARTIAL;
}

inline hadal_status text_out(std::string_view text, uint16_t* buffer, size_t capacity, size_t* size) {
  check_buffer(buffer, capacity);
  const std::u16string wide = to_utf16(text);
  if (size) *size = wide.size();
  if (capacity == 0) return HADAL_OK;
  size_t fits = wide.size() <= capacity ? wide.size() : capacity - 1;
  if (fits < wide.size() && fits > 0 && wide[fits - 1] >= 0xD800 && wide[fits - 1] < 0xDC00) --fits;
  for (size_t i = 0; i < fits; ++i) buffer[i] = uint16_t(wide[i]);
  if (fits < capacity) buffer[fits] = 0;
  return fits == wide.size() ? HADAL_OK : HADAL_PARTIAL;
}

template <class T>
hadal_status values_out(std::span<const T> values, T* buffer, size_t capacity, size_t* size) {
  check_buffer(buffer, capacity);
  if (size) *size = values.size();
  if (capacity == 0) return HADAL_OK;
  std::copy_n(values.begin(), std::min(capacity, values.size()), buffer);
  return values.size() <= capacity ? HADAL_OK : HADAL_PARTIAL;
}

// The part of a sized struct both sides know; the rest is zero. `least`: the first version's size.
template <class T>
T struct_in(const T* given, std::string_view what, size_t least) {
  const uint32_t size = required(given, what).size;
  if (size < least)
    throw Error(Status::invalid_argument, message(what, ": expected a size of at least ", least, ", found ", size));
  T copy{};
  std::memcpy(static_cast<void*>(&copy), given, std::min<size_t>(size, sizeof copy));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (size_t i = sizeof copy; i < size; ++i)
    if (bytes[i] != 0)
      throw Error(Status::unsupported, message(what, ": the caller set a field this library does not know"));
  return copy;
}

template <class T>
void struct_out(const T& filled, T* out, std::string_view what) {
  const uint32_t size = required(out, what).size;
  if (size < sizeof(uint32_t) * 2)
    throw Error(Status::invalid_argument, message(what, ": expected its size to be set, found ", size));
  std::memcpy(out, &filled, std::min<size_t>(size, sizeof filled));
  out->size = size;
}

}  // namespace hadal::api
