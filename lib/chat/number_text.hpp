// Numbers as Python writes and reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hadal::jinja {

std::string integer_text(int64_t value);
// The shortest digits that read back as the same double, laid out as repr(float) does: 1.0, 1e+16, 0.0001, inf, nan.
std::string real_text(double value);

// int(text) and float(text): surrounding blanks and single underscores between digits are allowed. base 0 takes the
// prefix's base. Empty if the text is no such number; Error(unsupported) if an integer does not fit 64 bits.
std::optional<int64_t> parse_integer(std::string_view text, int base);
std::optional<double> parse_real(std::string_view text);

// value with `digits` places, exactly rounded (half to even where it is a tie), as '%.*f' writes it.
std::string fixed_text(double value, int digits);
// As '%.*e' writes it, exponent of at least two digits.
std::string scientific_text(double value, int digits);

}  // namespace hadal::jinja
