// VARIANTs as results and arguments.
#pragma once

#include <string>
#include <vector>

#include "text.hpp"

// Each clears what was there first. Throw std::bad_alloc.
void put_text(VARIANT* out, std::wstring_view text);
void put_texts(VARIANT* out, const std::vector<std::wstring>& texts);   // a zero-based array of Variant
void put_longs(VARIANT* out, const std::vector<int32_t>& numbers);      // a zero-based array of Long
void put_numbers(VARIANT* out, const std::vector<int32_t>& numbers);    // of Variants that hold Longs: scripts read no other

// An array of any numbers (VBA hands Long, Integer, Double or Variant arrays). Throws Failure(HADAL_INVALID_ARGUMENT).
std::vector<int32_t> longs_of(const VARIANT& value);

// VARIANT inside VARIANT, as some callers hand arguments by reference.
const VARIANT& plain(const VARIANT& value);
// False for Empty, Null and what an omitted optional argument is.
bool is_given(const VARIANT& value);
// Anything that reads as text: texts, numbers ("0.7" in every locale), booleans ("on", "off").
// Throws Failure(HADAL_INVALID_ARGUMENT) naming `what`.
std::wstring text_of_variant(const VARIANT& value, const wchar_t* what);
