// Tags of any order and nesting: a block begins where a block element begins or ends, whatever the tree would be.
#include "rag/readers/html.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

constexpr std::string_view kBlockElements[] = {
    "address", "article", "aside",  "blockquote", "body", "caption", "center", "dd",      "details", "dialog", "div",
    "dl",      "dt",      "fieldset", "figcaption", "figure", "footer", "form", "header", "hr",      "html",   "legend",
    "li",      "main",    "nav",    "ol",         "option", "p",     "section", "summary", "tbody",  "tfoot",  "thead",
    "title",   "tr",      "ul"};   // sorted

bool is_block(std::string_view name) {
  return std::binary_search(std::begin(kBlockElements), std::end(kBlockElements), name);
}

int heading_level(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' ? name[1] - '0' : 0;
}

class HtmlWriter {
 public:
  HtmlWriter(std::string_view markup, const Reading& reading, DocumentWriter& out)
      : markup_(markup, MarkupReader::Dialect::html), reading_(reading), out_(out) {}

  void write() {
    for (size_t tokens = 0;; ++tokens) {
      if ((tokens & 4095) == 0) reading_.check_cancelled();
      switch (markup_.next()) {
        case MarkupReader::Token::start: start(markup_.name()); break;
        case MarkupReader::Token::end: end(markup_.name()); break;
        case MarkupReader::Token::text:
          if (passed_depth_ == 0 && !in_mark_) markup_.append_text(target());
          break;
        case MarkupReader::Token::finished:
          while (!tables_.empty()) close_table();
          flush();
          return;
      }
    }
  }

 private:
  // A table whose cells hold headings, lists or tables only arranges the page: its cells are read as text.
  struct Table {
    std::vector<std::string> cells;
    bool layout = false, in_cell = false, header = true, in_head = false, rows = false;
  };

  std::string& target() {
    return !tables_.empty() && !tables_.back().layout && tables_.back().in_cell ? tables_.back().cells.back() : text_;
  }
  bool in_data_cell() const { return !tables_.empty() && !tables_.back().layout && tables_.back().in_cell; }

  // Menus and the signs beside headings are no part of the text. A menu that is never closed ends where the text
  // begins.
  bool pass_over(std::string_view name) {
    if (passed_depth_ > 0) {
      if (name == "main" || name == "article" || name == "h1") passed_depth_ = 0;
      else passed_depth_ += name == passed_;
    } else if (name == "nav" || (name == "div" && markup_.attribute("role") == "navigation")) {
      flush();
      passed_ = name;
      passed_depth_ = 1;
    }
    return passed_depth_ > 0;
  }

  void start(std::string_view name) {
    if (pass_over(name)) return;
    if (name == "a") in_mark_ = markup_.attribute("class") == "headerlink";
    if (name == "br") {
      target() += pre_ ? "\n" : " ";
    } else if (name == "img") {
      if (std::string words = markup_.attribute("alt"); !words.empty()) target() += " " + words + " ";
    } else if (const int level = heading_level(name); level > 0) {
      make_layout();
      flush();
      heading_ = level;
    } else if (name == "table") {
      open_table();
    } else if (name == "tr") {
      close_row();
    } else if (name == "td" || name == "th") {
      open_cell(name == "th");
    } else if (name == "thead") {
      if (!tables_.empty()) tables_.back().in_head = true;
    } else if (name == "pre" || name == "listing" || name == "xmp") {
      if (in_data_cell()) return;
      flush();
      ++pre_;
    } else if (name == "title") {
      flush();
      in_title_ = true;
    } else if (is_block(name)) {
      start_block(name);
    }
  }

  void start_block(std::string_view name) {
    if (in_data_cell()) {
      if (name != "ul" && name != "ol" && name != "dl") {
        target() += ' ';
        return;
      }
      make_layout();
    }
    flush();
    if (name == "ul" || name == "ol" || name == "dl") ++list_depth_;
    if (name == "li" || name == "dd") item_ = true;
  }

  void end(std::string_view name) {
    if (passed_depth_ > 0) {
      passed_depth_ -= name == passed_;
      return;
    }
    if (name == "a") in_mark_ = false;
    if (name == "table") {
      if (!tables_.empty()) close_table();
    } else if (name == "tr") {
      close_row();
    } else if (name == "td" || name == "th") {
      if (!tables_.empty()) {
        if (tables_.back().layout) flush();
        tables_.back().in_cell = false;
      }
    } else if (name == "thead") {
      close_row();
      if (!tables_.empty()) tables_.back().in_head = false;
    } else if (name == "pre" || name == "listing" || name == "xmp") {
      if (pre_ > 0 && !in_data_cell()) {
        flush();
        --pre_;
      }
    } else if (heading_level(name) > 0) {
      flush();
    } else if (name == "title") {
      if (in_title_ && out_.title().empty()) out_.title(text_);
      text_.clear();
      in_title_ = false;
    } else if (is_block(name)) {
      if (in_data_cell()) {
        target() += ' ';
        return;
      }
      flush();
      if ((name == "ul" || name == "ol" || name == "dl") && list_depth_ > 0) --list_depth_;
    }
  }

  void open_table() {
    make_layout();
    flush();
    if (tables_.size() < reading_.limits.depth) {
      tables_.emplace_back();
      out_.begin_table();
    }
  }

  void open_cell(bool header) {
    if (tables_.empty()) return flush();
    Table& table = tables_.back();
    if (table.layout) {
      flush();
      table.in_cell = true;
      return;
    }
    table.in_cell = true;
    table.header = table.header && (header || table.in_head);
    if (table.cells.size() < kMostCells) table.cells.emplace_back();
    else if (!table.cells.empty()) table.cells.back() += ' ';
  }

  void close_row() {
    if (tables_.empty()) return flush();
    Table& table = tables_.back();
    table.in_cell = false;
    if (table.layout) return flush();
    // The first row of a header alone names the columns; a later one is a row like others.
    if (!table.cells.empty()) {
      if (out_.table_row(table.cells, table.header && !table.rows)) table.rows = true;
    }
    table.cells.clear();
    table.header = true;
  }

  void close_table() {
    close_row();
    flush();
    tables_.pop_back();
    if (!tables_.empty()) out_.begin_table();   // what follows in the outer table is another
  }

  // What the row holds so far becomes paragraphs, and so does the rest of the table.
  void make_layout() {
    if (!in_data_cell()) return;
    Table& table = tables_.back();
    table.layout = true;
    for (const std::string& cell : table.cells) out_.paragraph(cell);
    table.cells.clear();
  }

  void flush() {
    in_mark_ = false;
    if (in_title_) return;
    if (heading_ > 0) out_.heading(heading_, text_);
    else if (pre_ > 0) out_.code(text_);
    else if (item_ && list_depth_ > 0) out_.list_item(list_depth_, text_);
    else out_.paragraph(text_);
    if (heading_ > 0 || trim_ascii(text_).size() > 0) item_ = false;
    heading_ = 0;
    text_.clear();
  }

  static constexpr size_t kMostCells = 16384;
  MarkupReader markup_;
  const Reading& reading_;
  DocumentWriter& out_;
  std::string text_, passed_;
  size_t passed_depth_ = 0;
  std::vector<Table> tables_;
  int heading_ = 0, pre_ = 0, list_depth_ = 0;
  bool item_ = false, in_title_ = false, in_mark_ = false;
};

}  // namespace

void write_html(std::string_view markup, const Reading& reading, DocumentWriter& out) {
  HtmlWriter(markup, reading, out).write();
}

Document read_html(const Reading& reading) {
  const DecodedText decoded = decode_text(reading.bytes, declared_encoding(reading.bytes));
  DocumentWriter out(reading);
  write_html(decoded.text, reading, out);
  return out.finish("text/html");
}

}  // namespace hadal::rag
