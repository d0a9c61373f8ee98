// Cell values as a person sees them: dates, percentages, numbers of 15 digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::rag {

enum class NumberLook : uint8_t { general, date, percent };

NumberLook look_of_format(uint32_t builtin);              // numFmtId below 164
NumberLook look_of_format_code(std::string_view code);    // "yyyy\-mm\-dd", "0.0%"

// The text of a stored number; unchanged if it is none.
std::string shown_number(std::string_view stored, NumberLook look, bool dates_from_1904);

}  // namespace hadal::rag
