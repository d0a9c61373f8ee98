// xlsx: each sheet a heading and its rows, empty rows between them part tables, the first row names the columns when it
// looks like it.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/ooxml.hpp"
#include "rag/readers/packed_xml.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/table_header.hpp"
#include "rag/readers/xlsx_format.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {
namespace {

// "AB12" → 27; columns count from 0.
size_t column_of(std::string_view reference, size_t otherwise) {
  size_t column = 0, letters = 0;
  for (; letters < reference.size() && letters < 4; ++letters) {
    const char c = char(reference[letters] & 0xDF);
    if (c < 'A' || c > 'Z') break;
    column = column * 26 + size_t(c - 'A' + 1);
  }
  return letters == 0 ? otherwise : column - 1;
}

class XlsxReader {
 public:
  explicit XlsxReader(const Reading& reading) : reading_(reading), archive_(reading), out_(reading) {}

  Document read() {
    const std::string workbook = main_part(archive_, "xl/workbook.xml");
    const auto relations = relations_of(archive_, workbook);
    read_shared_strings(related_part(relations, "sharedStrings", "xl/sharedStrings.xml"));
    read_styles(related_part(relations, "styles", "xl/styles.xml"));
    const std::string text = xml_part(archive_, workbook);
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    size_t sheets = 0;
    for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
      if (token != MarkupReader::Token::start) continue;
      if (xml.name() == "workbookPr")
        from_1904_ = xml.attribute("date1904") == "1" || xml.attribute("date1904") == "true";
      if (xml.name() != "sheet") continue;
      const auto relation = relations.find(xml.attribute("r:id"));
      if (relation == relations.end() || relation->second.type != "worksheet" || !archive_.has(relation->second.target))
        continue;
      out_.row = 0;
      out_.heading(1, xml.attribute("name"));
      read_sheet(xml_part(archive_, relation->second.target));
      ++sheets;
    }
    if (sheets == 0) reading_.fail(ReadFailure::damaged, "expected worksheets, found none");
    out_.title(xml_title(archive_, "docProps/core.xml"));
    return out_.finish("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
  }

 private:
  void read_shared_strings(const std::string& part) {
    if (!archive_.has(part)) return;
    const std::string text = xml_part(archive_, part);
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    bool in_text = false;
    for (size_t tokens = 0;; ++tokens) {
      if ((tokens & 4095) == 0) reading_.check_cancelled();
      const auto token = xml.next();
      if (token == MarkupReader::Token::finished) break;
      if (token == MarkupReader::Token::text) {
        if (in_text && !string_begins_.empty()) xml.append_text(strings_);
        continue;
      }
      if (token == MarkupReader::Token::start && xml.name() == "rPh") xml.skip_element();   // how it is pronounced
      else if (token == MarkupReader::Token::start && xml.name() == "si") string_begins_.push_back(strings_.size());
      else if (xml.name() == "t") in_text = token == MarkupReader::Token::start;
    }
  }

  void read_styles(const std::string& part) {
    if (!archive_.has(part)) return;
    const std::string text = xml_part(archive_, part);
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    std::map<uint32_t, NumberLook> custom;
    bool in_cells = false;
    for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
      if (token == MarkupReader::Token::text) continue;
      const bool starts = token == MarkupReader::Token::start;
      if (xml.name() == "cellXfs") in_cells = starts;
      if (!starts) continue;
      if (xml.name() == "numFmt") {
        custom[uint32_t(whole_number(xml.attribute("numFmtId"), 0))] = look_of_format_code(xml.attribute("formatCode"));
      } else if (xml.name() == "xf" && in_cells) {
        const uint32_t id = uint32_t(whole_number(xml.attribute("numFmtId"), 0));
        const auto found = custom.find(id);
        looks_.push_back(found == custom.end() ? look_of_format(id) : found->second);
      }
    }
  }

  void read_sheet(const std::string& text) {
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    std::vector<std::string> cells;
    std::string value, type;
    uint32_t row = 0, style = 0;
    size_t column = 0;
    bool in_value = false;
    open_ = false;
    last_row_ = 0;
    for (size_t tokens = 0;; ++tokens) {
      if ((tokens & 4095) == 0) reading_.check_cancelled();
      const auto token = xml.next();
      if (token == MarkupReader::Token::finished) break;
      if (token == MarkupReader::Token::text) {
        if (in_value) xml.append_text(value);
        continue;
      }
      const std::string_view name = xml.name();
      if (token == MarkupReader::Token::start) {
        if (name == "row") {
          row = uint32_t(whole_number(xml.attribute("r"), int(row + 1)));
          cells.clear();
          column = 0;
        } else if (name == "c") {
          column = column_of(xml.attribute("r"), column);
          type = xml.attribute("t");
          style = uint32_t(whole_number(xml.attribute("s"), 0));
          value.clear();
        } else if (name == "v" || name == "t") {
          in_value = true;
        } else if (name == "rPh" || name == "f") {
          xml.skip_element();
        }
      } else if (name == "v" || name == "t") {
        in_value = false;
      } else if (name == "c") {
        if (column < kMostColumns && !value.empty()) {
          if (cells.size() <= column) cells.resize(column + 1);
          cells[column] = shown(value, type, style);
        }
        ++column;
      } else if (name == "row") {
        put_row(cells, row);
      }
    }
    if (xml.cut_off()) reading_.fail(ReadFailure::damaged, "expected a whole sheet, found it broken off");
  }

  std::string shown(const std::string& value, const std::string& type, uint32_t style) const {
    if (type == "s") {
      const int index = whole_number(trim_ascii(value), -1);
      return index >= 0 ? shared_string(size_t(index)) : std::string();
    }
    if (type == "b") return value == "1" ? "TRUE" : "FALSE";
    if (type == "str" || type == "inlineStr" || type == "e" || type == "d") return value;
    return shown_number(value, style < looks_.size() ? looks_[style] : NumberLook::general, from_1904_);
  }

  std::string shared_string(size_t index) const {
    if (index >= string_begins_.size()) return {};
    const size_t begin = string_begins_[index];
    const size_t end = index + 1 < string_begins_.size() ? string_begins_[index + 1] : strings_.size();
    return strings_.substr(begin, end - begin);
  }

  void put_row(std::vector<std::string>& cells, uint32_t row) {
    size_t filled = 0, first = 0;
    for (size_t i = cells.size(); i-- > 0;)
      if (!trim_ascii(cells[i]).empty()) ++filled, first = i;
    if (filled == 0) return;
    out_.row = row;
    const bool apart = open_ && row > last_row_ + 1;
    if (apart) open_ = false;
    last_row_ = row;
    if (!open_ && filled == 1) {   // a line above a table is its caption
      out_.paragraph(cells[first]);
      return;
    }
    if (!open_) {
      out_.begin_table();
      // A table need not begin in column A.
      const std::vector<std::string> names(cells.begin() + std::ptrdiff_t(first), cells.end());
      header_ = looks_like_header(names);
    }
    out_.table_row(cells, !open_ && header_);
    open_ = true;
  }

  static constexpr size_t kMostColumns = 16384;
  const Reading& reading_;
  ZipArchive archive_;
  DocumentWriter out_;
  std::string strings_;                 // all shared strings in a row: an empty one takes five bytes of XML
  std::vector<size_t> string_begins_;
  std::vector<NumberLook> looks_;
  bool from_1904_ = false, open_ = false, header_ = false;
  uint32_t last_row_ = 0;
};

}  // namespace

Document read_xlsx(const Reading& reading) { return XlsxReader(reading).read(); }

}  // namespace hadal::rag
