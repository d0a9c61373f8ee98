// docx: paragraphs with their styles' outline levels and numbers, lists, tables, text boxes, notes. Deleted text, field
// codes and second renderings of the same drawing are left out.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/docx_numbering.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/ooxml.hpp"
#include "rag/readers/packed_xml.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {
namespace {

struct Style {
  std::string based_on, list;
  int outline = -1;   // 0 = heading 1
  int list_level = -1;
  bool title = false;
};

class Styles {
 public:
  Styles(ZipArchive& archive, std::string_view part) {
    if (!archive.has(part)) return;
    const std::string text = xml_part(archive, part);
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    Style* style = nullptr;
    for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
      if (token == MarkupReader::Token::end && xml.name() == "style") style = nullptr;
      if (token != MarkupReader::Token::start) continue;
      const std::string_view name = xml.name();
      if (name == "style") {
        style = &styles_[xml.attribute("styleId")];
      } else if (!style) {
        continue;
      } else if (name == "basedOn") {
        style->based_on = xml.attribute("val");
      } else if (name == "name") {
        const std::string shown = lower_ascii(xml.attribute("val"));
        if (shown.starts_with("heading ") && shown.size() == 9 && shown[8] >= '1' && shown[8] <= '9')
          style->outline = shown[8] - '1';
        style->title = shown == "title";
      } else if (name == "outlineLvl") {
        style->outline = whole_number(xml.attribute("val"), -1);
      } else if (name == "numId") {
        style->list = xml.attribute("val");
      } else if (name == "ilvl") {
        style->list_level = whole_number(xml.attribute("val"), 0);
      }
    }
  }

  // What the style says, or those it is based on.
  Style resolved(const std::string& id) const {
    Style result;
    std::string at = id;
    for (int steps = 0; steps < 16 && !at.empty(); ++steps) {
      const auto found = styles_.find(at);
      if (found == styles_.end()) break;
      if (result.outline < 0) result.outline = found->second.outline;
      if (result.list.empty()) result.list = found->second.list;
      if (result.list_level < 0) result.list_level = found->second.list_level;
      result.title = result.title || (steps == 0 && found->second.title);
      at = found->second.based_on;
    }
    return result;
  }

 private:
  std::map<std::string, Style> styles_;
};

class DocxReader {
 public:
  explicit DocxReader(const Reading& reading) : reading_(reading), archive_(reading), out_(reading) {}

  Document read() {
    const std::string main = main_part(archive_, "word/document.xml");
    const auto relations = relations_of(archive_, main);
    styles_.emplace(archive_, related_part(relations, "styles", "word/styles.xml"));
    numbering_.emplace(archive_, related_part(relations, "numbering", "word/numbering.xml"));
    story(xml_part(archive_, main));
    for (const std::string_view kind : {"footnotes", "endnotes"}) {
      const std::string part = related_part(relations, kind, "");
      if (!part.empty() && archive_.has(part)) story(xml_part(archive_, part));
    }
    out_.title(xml_title(archive_, "docProps/core.xml"));
    return out_.finish("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  }

 private:
  struct Paragraph {
    std::string text, style, list;
    int outline = -1, list_level = -1;
  };
  struct Table {
    std::vector<std::string> cells;
    bool first_row_is_header = true, header = false, in_cell = false;
    size_t rows = 0;
    size_t pending_cells = 0;   // columns that the open cell spans beside its own
  };

  // The document's text, or its notes.
  void story(const std::string& text) {
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    tables_.clear();
    paragraphs_.clear();
    for (size_t tokens = 0;; ++tokens) {
      if ((tokens & 4095) == 0) reading_.check_cancelled();
      const auto token = xml.next();
      if (token == MarkupReader::Token::finished) break;
      if (token == MarkupReader::Token::start) start(xml);
      else if (token == MarkupReader::Token::end) end(xml.name());
      else if (in_text_ && !paragraphs_.empty()) xml.append_text(paragraphs_.back().text);
    }
    while (!paragraphs_.empty()) end_paragraph();
    if (xml.cut_off()) reading_.fail(ReadFailure::damaged, "expected whole XML, found it broken off");
  }

  void start(MarkupReader& xml) {
    const std::string_view name = xml.name();
    // Deleted or moved text, field codes, earlier formatting, and the second form of a drawing.
    for (const std::string_view passed :
         {"del", "moveFrom", "instrText", "delText", "pPrChange", "rPrChange", "tblPrChange", "trPrChange",
          "tcPrChange", "sectPrChange", "Fallback", "annotationRef"})
      if (name == passed) return xml.skip_element();
    if (name == "p") {
      if (paragraphs_.size() >= kDeepest || tables_.size() > kDeepest)
        reading_.fail(ReadFailure::too_large, "expected paragraphs nested less deep");
      paragraphs_.emplace_back();
    } else if (name == "tbl") {
      if (tables_.size() > kDeepest) reading_.fail(ReadFailure::too_large, "expected tables nested less deep");
      if (tables_.empty()) out_.begin_table();
      tables_.emplace_back();
    } else if (name == "footnote" || name == "endnote") {
      if (!xml.attribute("type").empty()) xml.skip_element();   // separators
    } else if (!paragraphs_.empty()) {
      in_paragraph(xml, paragraphs_.back());
    } else if (!tables_.empty()) {
      in_table(xml, tables_.back());
    }
  }

  void in_paragraph(MarkupReader& xml, Paragraph& p) {
    const std::string_view name = xml.name();
    if (name == "t") in_text_ = true;
    else if (name == "tab") p.text += '\t';
    else if (name == "br" || name == "cr") p.text += '\n';
    else if (name == "noBreakHyphen") p.text += '-';
    else if (name == "pStyle") p.style = xml.attribute("val");
    else if (name == "outlineLvl") p.outline = whole_number(xml.attribute("val"), -1);
    else if (name == "numId") p.list = xml.attribute("val");
    else if (name == "ilvl") p.list_level = whole_number(xml.attribute("val"), 0);
    else if (name == "tabs") xml.skip_element();   // where tabs stop, not tabs
  }

  void in_table(MarkupReader& xml, Table& table) {
    const std::string_view name = xml.name();
    if (name == "tc") {
      if (table.cells.size() < kMostCells) table.cells.emplace_back();
      table.in_cell = true;
    } else if (name == "gridSpan") {
      table.pending_cells = size_t(std::clamp(whole_number(xml.attribute("val"), 1), 1, 64)) - 1;
    } else if (name == "tblHeader") {
      table.header = xml.attribute("val") != "0" && xml.attribute("val") != "false";
    } else if (name == "tblLook") {
      if (xml.attribute("firstRow") == "0") table.first_row_is_header = false;
    }
  }

  void end(std::string_view name) {
    if (name == "t") in_text_ = false;
    else if (name == "p") end_paragraph();
    else if (name == "tc") end_cell();
    else if (name == "tr") end_row();
    else if (name == "tbl" && !tables_.empty()) tables_.pop_back();
  }

  void end_paragraph() {
    if (paragraphs_.empty()) return;
    const Paragraph p = std::move(paragraphs_.back());
    paragraphs_.pop_back();
    in_text_ = false;
    const Style style = styles_->resolved(p.style);
    const int outline = p.outline >= 0 ? p.outline : style.outline;
    const std::string& list = p.list.empty() ? style.list : p.list;
    const int list_level = std::clamp(p.list_level >= 0 ? p.list_level : std::max(style.list_level, 0), 0, 8);
    const bool blank = trim_ascii(p.text).empty();
    std::string text;
    const bool listed = !list.empty() && list != "0" && !blank;
    if (listed)
      if (const std::string number = numbering_->next(list, size_t(list_level)); !number.empty()) text = number + " ";
    text += p.text;
    if (!tables_.empty() && tables_.front().in_cell) {
      Table& table = tables_.front();   // what nests deeper belongs to the outermost cell
      if (!table.cells.empty() && !blank) {
        if (!table.cells.back().empty()) table.cells.back() += ' ';
        table.cells.back() += text;
      }
    } else if (blank) {
      return;
    } else if (style.title) {
      out_.heading(1, text);
    } else if (outline >= 0 && outline < 9) {
      out_.heading(outline + 1, text);
    } else if (listed) {
      out_.list_item(list_level + 1, text, true);
    } else {
      out_.paragraph(text, true);
    }
  }

  void end_cell() {
    if (tables_.empty()) return;
    Table& table = tables_.back();
    table.in_cell = false;
    for (; table.pending_cells > 0; --table.pending_cells)
      if (table.cells.size() < kMostCells) table.cells.emplace_back();
  }

  void end_row() {
    if (tables_.empty()) return;
    Table& table = tables_.back();
    if (tables_.size() == 1) {
      // A frame around a text is no table.
      constexpr size_t kLongCell = 400;
      if (table.cells.size() == 1 && table.cells[0].size() > kLongCell) out_.paragraph(table.cells[0]);
      else
        out_.table_row(table.cells,
                       table.rows == 0 && (table.header || (table.first_row_is_header && table.cells.size() > 1)));
      ++table.rows;
    }
    table.cells.clear();
    table.header = table.in_cell = false;
  }

  static constexpr size_t kDeepest = 64, kMostCells = 1024;
  const Reading& reading_;
  ZipArchive archive_;
  DocumentWriter out_;
  std::optional<Styles> styles_;
  std::optional<DocxNumbering> numbering_;
  std::vector<Paragraph> paragraphs_;   // more than one inside a text box
  std::vector<Table> tables_;
  bool in_text_ = false;
};

}  // namespace

Document read_docx(const Reading& reading) { return DocxReader(reading).read(); }

}  // namespace hadal::rag
