// odt: headings with their levels, lists, tables with their header rows, notes after the text.
#include <algorithm>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/packed_xml.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {
namespace {

class OdtReader {
 public:
  explicit OdtReader(const Reading& reading) : reading_(reading), archive_(reading), out_(reading) {}

  Document read() {
    if (archive_.has("META-INF/manifest.xml") &&
        archive_.part("META-INF/manifest.xml").find("manifest:encryption-data") != std::string::npos)
      reading_.fail(ReadFailure::encrypted, "expected a document without a password, found it encrypted");
    const std::string text = xml_part(archive_, "content.xml");
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    for (size_t tokens = 0;; ++tokens) {
      if ((tokens & 4095) == 0) reading_.check_cancelled();
      const auto token = xml.next();
      if (token == MarkupReader::Token::finished) break;
      if (token == MarkupReader::Token::start) start(xml);
      else if (token == MarkupReader::Token::end) end(xml.name());
      else if (!open_.empty()) xml.append_text(open_.back().text);
    }
    if (xml.cut_off()) reading_.fail(ReadFailure::damaged, "expected whole XML, found it broken off");
    for (const std::string& note : notes_) out_.paragraph(note, true);
    out_.title(xml_title(archive_, "meta.xml"));
    return out_.finish("application/vnd.oasis.opendocument.text");
  }

 private:
  struct Open {   // a paragraph or heading
    std::string text;
    int heading = 0;
  };

  void start(MarkupReader& xml) {
    const std::string_view name = xml.name();
    for (const std::string_view passed : {"tracked-changes", "annotation", "note-citation", "sequence-decls", "forms",
                                          "desc", "title", "automatic-styles", "table-of-content-source"})
      if (name == passed) return xml.skip_element();
    if (name == "p" || name == "h") {
      if (open_.size() > kDeepest) reading_.fail(ReadFailure::too_large, "expected paragraphs nested less deep");
      open_.push_back({{}, name == "h" ? std::max(whole_number(xml.attribute("outline-level"), 1), 1) : 0});
    } else if (name == "s") {
      add(std::string(size_t(std::clamp(whole_number(xml.attribute("c"), 1), 1, 100)), ' '));
    } else if (name == "tab") {
      add("\t");
    } else if (name == "line-break") {
      add("\n");
    } else if (name == "list") {
      ++list_depth_;
    } else if (name == "list-item" || name == "list-header") {
      item_ = true;
    } else if (name == "note") {
      ++note_depth_;
    } else if (name == "table") {
      if (++tables_ == 1) {
        out_.begin_table();
        rows_ = 0;
      }
    } else if (name == "table-header-rows") {
      header_ = true;
    } else if (name == "table-cell" || name == "covered-table-cell") {
      if (tables_ != 1) return;
      repeat_ = std::clamp(whole_number(xml.attribute("number-columns-repeated"), 1), 1, 64);
      if (cells_.size() < kMostCells) cells_.emplace_back();
      in_cell_ = true;
    }
  }

  void add(std::string_view text) {
    if (!open_.empty()) open_.back().text += text;
  }

  void end(std::string_view name) {
    if (name == "p" || name == "h") {
      end_paragraph();
    } else if (name == "list") {
      if (list_depth_ > 0) --list_depth_;
    } else if (name == "note") {
      if (note_depth_ > 0) --note_depth_;
    } else if (name == "table") {
      if (tables_ > 0) --tables_;
    } else if (name == "table-header-rows") {
      header_ = false;
    } else if ((name == "table-cell" || name == "covered-table-cell") && tables_ == 1) {
      in_cell_ = false;
      const std::string last = cells_.empty() ? std::string() : cells_.back();
      if (last.size() < 1000)
        for (int i = 1; i < repeat_ && cells_.size() < kMostCells; ++i) cells_.push_back(last);
    } else if (name == "table-row" && tables_ == 1) {
      const bool first = rows_++ == 0;
      out_.table_row(cells_, first && header_);
      cells_.clear();
    }
  }

  void end_paragraph() {
    if (open_.empty()) return;
    const Open paragraph = std::move(open_.back());
    open_.pop_back();
    if (note_depth_ > 0) {
      constexpr size_t kMostNotes = 100000;
      if (notes_.size() < kMostNotes) notes_.push_back(paragraph.text);
    } else if (in_cell_ && !cells_.empty()) {
      if (!cells_.back().empty()) cells_.back() += ' ';
      cells_.back() += paragraph.text;
    } else if (paragraph.heading > 0) {
      out_.heading(paragraph.heading, paragraph.text);
    } else if (list_depth_ > 0 && item_) {
      if (out_.list_item(list_depth_, paragraph.text, true)) item_ = false;
    } else {
      out_.paragraph(paragraph.text, true);
    }
  }

  static constexpr size_t kDeepest = 64, kMostCells = 1024;
  const Reading& reading_;
  ZipArchive archive_;
  DocumentWriter out_;
  std::vector<Open> open_;   // more than one where a frame stands in a paragraph
  std::vector<std::string> notes_, cells_;
  int list_depth_ = 0, note_depth_ = 0, tables_ = 0, repeat_ = 1;
  size_t rows_ = 0;
  bool item_ = false, header_ = false, in_cell_ = false;
};

}  // namespace

Document read_odt(const Reading& reading) { return OdtReader(reading).read(); }

}  // namespace hadal::rag
