// Date serials after ECMA-376 part 1, 18.17.4: days since 1899-12-30 (1900 system, whose 1900-02-29 never was) or
// 1904-01-01.
#include "rag/readers/xlsx_format.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

std::string two_digits(int64_t value) { return value < 10 ? "0" + std::to_string(value) : std::to_string(value); }

// Howard Hinnant's days-to-civil formula; day 0 = 1970-01-01.
std::string iso_date(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t of_era = days - era * 146097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1, month = shifted < 10 ? shifted + 3 : shifted - 9;
  return std::to_string(year_of_era + era * 400 + (month <= 2 ? 1 : 0)) + "-" + two_digits(month) + "-" +
         two_digits(day);
}

std::string shown_date(double serial, bool from_1904) {
  constexpr double kLargest = 2958466;   // the year 10000
  if (serial < 0 || serial >= kLargest) return {};
  int64_t seconds = std::llround((serial - std::floor(serial)) * 86400);
  int64_t days = int64_t(std::floor(serial));
  if (seconds == 86400) seconds = 0, ++days;
  std::string time = two_digits(seconds / 3600) + ":" + two_digits(seconds / 60 % 60);
  if (seconds % 60) time += ":" + two_digits(seconds % 60);
  if (serial < 1 && !from_1904) return time;
  const int64_t epoch = from_1904 ? -24107 : days < 60 ? -25568 : -25569;
  return iso_date(days + epoch) + (seconds ? " " + time : "");
}

std::string shortest(double value) {
  if (std::abs(value) < 1e15 && value == std::floor(value)) return std::to_string(int64_t(value));
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 15);
  return {text, end.ptr};
}

}  // namespace

NumberLook look_of_format(uint32_t id) {
  if (id == 9 || id == 10) return NumberLook::percent;
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58)
             ? NumberLook::date : NumberLook::general;
}

NumberLook look_of_format_code(std::string_view code) {
  bool percent = false;
  for (size_t at = 0; at < code.size(); ++at) {
    const char c = char(code[at] | 0x20);
    if (code[at] == '"') {
      at = std::min(code.find('"', at + 1), code.size());
    } else if (code[at] == '[') {
      const size_t end = std::min(code.find(']', at), code.size());
      const std::string inside = lower_ascii(code.substr(at + 1, end - at - 1));
      if (inside.find_first_not_of('h') == inside.npos || inside.find_first_not_of('m') == inside.npos)
        return NumberLook::date;
      at = end;
    } else if (code[at] == '\\' || code[at] == '_' || code[at] == '*') {
      ++at;
    } else if (code[at] == ';') {
      break;   // the form for positive numbers decides
    } else if (c == 'y' || c == 'd' || c == 'h' || c == 's' || c == 'm') {
      return NumberLook::date;
    } else if (code[at] == '%') {
      percent = true;
    }
  }
  return percent ? NumberLook::percent : NumberLook::general;
}

std::string shown_number(std::string_view stored, NumberLook look, bool dates_from_1904) {
  stored = trim_ascii(stored);
  double value = 0;
  const auto read = std::from_chars(stored.data(), stored.data() + stored.size(), value);
  if (read.ec != std::errc() || read.ptr != stored.data() + stored.size() || !std::isfinite(value))
    return std::string(stored);
  if (look == NumberLook::date)
    if (std::string date = shown_date(value, dates_from_1904); !date.empty()) return date;
  if (look == NumberLook::percent) return shortest(std::round(value * 1e10) / 1e8) + "%";
  return shortest(value);
}

}  // namespace hadal::rag
