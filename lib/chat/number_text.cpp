#include "chat/number_text.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "chat/python_text.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::jinja {
namespace {

std::string_view special_text(double value) {
  if (std::isnan(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

// The text without the underscores between digits; empty optional if one stands elsewhere.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
      continue;
    }
    const bool between = i > 0 && i + 1 < text.size() && digit_value(text[i - 1]) < 36 && digit_value(text[i + 1]) < 36;
    if (!between) return std::nullopt;
  }
  return out;
}

}  // namespace

std::string integer_text(int64_t value) { return message(value); }

std::string real_text(double value) {
  if (!std::isfinite(value)) return std::string(special_text(value));
  char buffer[40];
  const char* end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer, static_cast<size_t>(end - buffer));
  const size_t e = scientific.find('e');
  int exponent = 0;
  const char* first = scientific.data() + e + 1;
  std::from_chars(*first == '+' ? first + 1 : first, end, exponent);
  if (exponent < -4 || exponent >= 16) return std::string(scientific);  // both write at least two exponent digits

  std::string digits;
  for (char c : scientific.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  std::string out = scientific[0] == '-' ? "-" : "";
  if (exponent < 0) return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0') + ".0";
  return out + digits.substr(0, whole) + '.' + digits.substr(whole);
}

std::optional<int64_t> parse_integer(std::string_view text, int base) {
  text = strip(text, {}, true, true);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.size() > 2 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    const int marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (marked && (base == 0 || base == marked)) {
      base = marked;
      text.remove_prefix(text[2] == '_' ? 3 : 2);
    }
  }
  const auto digits = without_underscores(text);
  if (!digits || digits->empty()) return std::nullopt;
  if (base == 0) {
    if ((*digits)[0] == '0' && digits->find_first_not_of('0') != std::string::npos) return std::nullopt;
    base = 10;
  }
  if (base < 2 || base > 36) return std::nullopt;
  uint64_t magnitude = 0;
  bool overflow = false;
  for (char c : *digits) {
    const int digit = digit_value(c);
    if (digit >= base) return std::nullopt;
    overflow = overflow || __builtin_mul_overflow(magnitude, static_cast<uint64_t>(base), &magnitude) ||
               __builtin_add_overflow(magnitude, static_cast<uint64_t>(digit), &magnitude);
  }
  const uint64_t limit = uint64_t{1} << 63;
  if (overflow || magnitude > limit - !negative)
    throw Error(Status::unsupported, message("the integer ", quoted(text), " does not fit 64 bits"));
  return negative ? static_cast<int64_t>(~magnitude + 1) : static_cast<int64_t>(magnitude);
}

std::optional<double> parse_real(std::string_view text) {
  text = strip(text, {}, true, true);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  const std::string lowered = lower(text);
  double value = 0;
  if (lowered == "inf" || lowered == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (lowered == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    const auto digits = without_underscores(text);
    if (!digits || digits->find_first_not_of("0123456789.eE+-") != std::string::npos) return std::nullopt;
    const char* end = digits->data() + digits->size();
    const auto [ptr, error] = std::from_chars(digits->data(), end, value);
    if (ptr != end || error == std::errc::invalid_argument) return std::nullopt;
    if (error == std::errc::result_out_of_range) {
      // from_chars leaves the value alone; Python gives inf or 0.
      const size_t e = lowered.find("e-");
      value = e != std::string::npos ? 0.0 : std::numeric_limits<double>::infinity();
    }
  }
  return negative ? -value : value;
}

std::string fixed_text(double value, int digits) {
  if (!std::isfinite(value)) return std::string(special_text(value));
  std::string out(static_cast<size_t>(330 + digits), '\0');
  const char* end = std::to_chars(out.data(), out.data() + out.size(), value, std::chars_format::fixed, digits).ptr;
  out.resize(static_cast<size_t>(end - out.data()));
  return out;
}

std::string scientific_text(double value, int digits) {
  if (!std::isfinite(value)) return std::string(special_text(value));
  std::string out(static_cast<size_t>(20 + digits), '\0');
  const char* end =
      std::to_chars(out.data(), out.data() + out.size(), value, std::chars_format::scientific, digits).ptr;
  out.resize(static_cast<size_t>(end - out.data()));
  return out;
}

}  // namespace hadal::jinja
