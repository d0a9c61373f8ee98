#include "excel/cells.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "text.hpp"
#include "variants.hpp"

namespace excel {

std::atomic<int> live_results = 0;

namespace {

std::wstring trimmed(const std::wstring& text) {
  const wchar_t* blanks = L" \t\r\n\x00A0";
  const size_t first = text.find_first_not_of(blanks);
  return first == std::wstring::npos ? L"" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::wstring number_text(double number) {
  if (number == std::floor(number) && std::fabs(number) < 1e15) return std::to_wstring(int64_t(number));
  VARIANT value;
  value.vt = VT_R8;
  value.dblVal = number;
  return text_of_variant(value, L"number");
}

std::vector<std::wstring> split(const std::wstring& line, wchar_t separator) {
  std::vector<std::wstring> parts;
  for (size_t at = 0;;) {
    const size_t end = std::min(line.find(separator, at), line.size());
    parts.push_back(trimmed(line.substr(at, end - at)));
    if (end == line.size()) return parts;
    at = end + 1;
  }
}

bool is_ruler(const std::wstring& line) {
  return line.find(L"--") != std::wstring::npos && line.find_first_not_of(L"|-: +") == std::wstring::npos;
}

void fill(XlValue& value, const std::wstring& text) {
  auto units = std::make_unique<wchar_t[]>(text.size() + 1);
  units[0] = wchar_t(text.size());
  std::copy(text.begin(), text.end(), units.get() + 1);
  value.text = units.release();
  value.type = kXlText;
}

void clear(XlValue& value) {
  if ((value.type & kXlTypeMask) == kXlText) delete[] value.text;
}

XlValue* hand_over(std::unique_ptr<XlValue> value) {
  value->type |= kXlFreedByUs;
  ++live_results;
  return value.release();
}

}  // namespace

std::optional<std::wstring> cell_text(const XlValue& value) {
  switch (value.type & kXlTypeMask) {
    case kXlText: return value.text == nullptr ? L"" : std::wstring(value.text + 1, size_t(uint16_t(value.text[0])));
    case kXlNumber: return number_text(value.number);
    case kXlInteger: return std::to_wstring(value.integer);
    case kXlBoolean: return value.boolean != 0 ? L"TRUE" : L"FALSE";
    case kXlError: return std::nullopt;
    default: return L"";
  }
}

int32_t error_in(const XlValue& value) {
  if ((value.type & kXlTypeMask) == kXlError) return value.error;
  if ((value.type & kXlTypeMask) == kXlArray)
    for (int64_t i = 0; i < int64_t(value.array.rows) * value.array.columns; ++i)
      if ((value.array.cells[i].type & kXlTypeMask) == kXlError) return value.array.cells[i].error;
  return 0;
}

std::optional<std::wstring> block_text(const XlValue& value) {
  if ((value.type & kXlTypeMask) != kXlArray) return cell_text(value);
  std::wstring out;
  for (int32_t row = 0; row < value.array.rows; ++row) {
    if (row > 0) out += L'\n';
    for (int32_t column = 0; column < value.array.columns; ++column) {
      const auto text = cell_text(value.array.cells[int64_t(row) * value.array.columns + column]);
      if (!text) return std::nullopt;
      if (column > 0) out += L'\t';
      out += *text;
    }
  }
  const size_t last = out.find_last_not_of(L"\n\t");
  return last == std::wstring::npos ? L"" : out.substr(0, last + 1);
}

std::vector<std::wstring> names_in(const XlValue& value) {
  std::vector<std::wstring> names;
  if ((value.type & kXlTypeMask) == kXlArray) {
    for (int64_t i = 0; i < int64_t(value.array.rows) * value.array.columns; ++i)
      names.push_back(trimmed(cell_text(value.array.cells[i]).value_or(L"")));
  } else {
    names = split(cell_text(value).value_or(L""), L',');
  }
  std::erase(names, L"");
  return names;
}

std::wstring fitting(const std::wstring& text) {
  if (text.size() <= kLongestCellText) return text;
  return L"Hadal: the answer has " + std::to_wstring(text.size()) + L" characters, a cell holds at most " +
         std::to_wstring(kLongestCellText) + L"; ask for a shorter one";
}

XlValue* text_result(const std::wstring& text) {
  auto value = std::make_unique<XlValue>();
  fill(*value, fitting(text));
  return hand_over(std::move(value));
}

XlValue* error_result(int32_t code) {
  auto value = std::make_unique<XlValue>();
  value->error = code;
  value->type = kXlError;
  return hand_over(std::move(value));
}

XlValue* rows_result(const Rows& rows) {
  size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  if (rows.empty() || columns == 0) return text_result(L"");
  auto value = std::make_unique<XlValue>();
  const size_t count = rows.size() * columns;
  auto cells = std::make_unique<XlValue[]>(count);
  try {
    for (size_t i = 0; i < count; ++i) {
      const auto& row = rows[i / columns];
      fill(cells[i], i % columns < row.size() ? fitting(row[i % columns]) : L"");
    }
  } catch (...) {
    for (size_t i = 0; i < count; ++i) clear(cells[i]);
    throw;
  }
  value->array.cells = cells.release();
  value->array.rows = int32_t(rows.size());
  value->array.columns = int32_t(columns);
  value->type = kXlArray;
  return hand_over(std::move(value));
}

void free_result(XlValue* value) {
  if (value == nullptr) return;
  if ((value->type & kXlTypeMask) == kXlArray) {
    for (int64_t i = 0; i < int64_t(value->array.rows) * value->array.columns; ++i) clear(value->array.cells[i]);
    delete[] value->array.cells;
  } else {
    clear(*value);
  }
  delete value;
  --live_results;
}

Rows parse_table(const std::wstring& text) {
  std::vector<std::wstring> lines = split(text, L'\n');
  const auto has = [&](wchar_t c) {
    return std::any_of(lines.begin(), lines.end(), [c](const std::wstring& line) { return line.find(c) != std::wstring::npos; });
  };
  const wchar_t separator = has(L'|') ? L'|' : has(L'\t') ? L'\t' : L',';
  Rows rows;
  for (std::wstring line : lines) {
    if (line.empty() || line.starts_with(L"```") || is_ruler(line)) continue;
    // Beside a table in bars, lines without any are talk.
    if (separator == L'|' && line.find(L'|') == std::wstring::npos) continue;
    if (separator == L'|' && line.starts_with(L"|")) line.erase(0, 1);
    if (separator == L'|' && line.ends_with(L"|")) line.pop_back();
    rows.push_back(split(line, separator));
  }
  return rows;
}

}  // namespace excel
