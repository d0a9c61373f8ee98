#include "chat/clock_text.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::jinja {
namespace {

constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};

struct Civil {
  int64_t year;
  int month, day, hour, minute, second, weekday, day_of_year;  // month and day from 1, the last two from 0
};

// Howard Hinnant's days-to-civil: years begin in March, so that the leap day is the last of its year.
Civil civil_from_seconds(int64_t seconds) {
  int64_t days = seconds / 86400;
  int64_t rest = seconds % 86400;
  if (rest < 0) rest += 86400, --days;
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  Civil c{};
  c.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  c.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2);
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  const bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
  constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  c.day_of_year = kBefore[c.month - 1] + c.day - 1 + (leap && c.month > 2);
  return c;
}

std::string two(int64_t value, char pad = '0') {
  const std::string digits = message(value);
  return digits.size() < 2 ? std::string(1, pad) + digits : digits;
}

std::string conversion(char type, const Civil& c) {
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  switch (type) {
    case 'Y': return message(c.year);
    case 'y': return two((c.year % 100 + 100) % 100);
    case 'm': return two(c.month);
    case 'd': return two(c.day);
    case 'e': return two(c.day, ' ');
    case 'H': return two(c.hour);
    case 'I': return two(hour12);
    case 'M': return two(c.minute);
    case 'S': return two(c.second);
    case 'p': return c.hour < 12 ? "AM" : "PM";
    case 'A': return std::string(kDays[c.weekday]);
    case 'a': return std::string(kDays[c.weekday].substr(0, 3));
    case 'B': return std::string(kMonths[c.month - 1]);
    case 'b': case 'h': return std::string(kMonths[c.month - 1].substr(0, 3));
    case 'j': return (c.day_of_year + 1 < 100 ? "0" : "") + two(c.day_of_year + 1);
    case 'w': return message(c.weekday);
    case 'u': return message(c.weekday == 0 ? 7 : c.weekday);
    case 'F': return message(c.year, '-', two(c.month), '-', two(c.day));
    case 'T': case 'X': return message(two(c.hour), ':', two(c.minute), ':', two(c.second));
    case 'R': return message(two(c.hour), ':', two(c.minute));
    case 'D': case 'x': return message(two(c.month), '/', two(c.day), '/', two((c.year % 100 + 100) % 100));
    case 'c':
      return message(kDays[c.weekday].substr(0, 3), ' ', kMonths[c.month - 1].substr(0, 3), ' ', two(c.day, ' '), ' ',
                     conversion('T', c), ' ', c.year);
    case 'n': return "\n";
    case 't': return "\t";
    case '%': return "%";
    case 'Z': case 'z': return {};  // a naive datetime has no zone
    default: throw Error(Status::unsupported, message("the date format %", type, " is not supported"));
  }
}

}  // namespace

std::string clock_text(std::string_view format, int64_t seconds) {
  const Civil civil = civil_from_seconds(seconds);
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%' || at + 1 == format.size()) out += format[at];
    else if (format[++at] == '-' && at + 1 < format.size()) {  // glibc: without padding
      const std::string padded = conversion(format[++at], civil);
      const size_t first = padded.find_first_not_of("0 ");
      out += first == std::string::npos ? "0" : padded.substr(first);
    } else out += conversion(format[at], civil);
  }
  return out;
}

}  // namespace hadal::jinja
