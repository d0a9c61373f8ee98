// pptx: slides in their order, each a page; its title a heading, what stands in place holders lists, notes last.
#include <algorithm>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/ooxml.hpp"
#include "rag/readers/packed_xml.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {
namespace {

class PptxReader {
 public:
  explicit PptxReader(const Reading& reading) : reading_(reading), archive_(reading), out_(reading) {}

  Document read() {
    const std::string main = main_part(archive_, "ppt/presentation.xml");
    const auto relations = relations_of(archive_, main);
    const std::string text = xml_part(archive_, main);
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
      if (token != MarkupReader::Token::start || xml.name() != "sldId") continue;
      const auto relation = relations.find(xml.attribute("r:id"));
      if (relation == relations.end() || !archive_.has(relation->second.target)) continue;
      if (out_.page >= reading_.limits.pages) reading_.fail(ReadFailure::too_large, "expected fewer slides");
      ++out_.page;
      slide(xml_part(archive_, relation->second.target), false);
      const std::string notes = related_part(relations_of(archive_, relation->second.target), "notesSlide", "");
      if (!notes.empty() && archive_.has(notes)) slide(xml_part(archive_, notes), true);
    }
    if (out_.page == 0) reading_.fail(ReadFailure::damaged, "expected slides, found none");
    out_.title(xml_title(archive_, "docProps/core.xml"));
    return out_.finish("application/vnd.openxmlformats-officedocument.presentationml.presentation", out_.page);
  }

 private:
  void slide(const std::string& text, bool notes) {
    MarkupReader xml(text, MarkupReader::Dialect::xml);
    std::string paragraph, place_holder;
    std::vector<std::string> cells;
    bool in_text = false, in_cell = false, bullet = true;
    int level = 0;
    size_t rows = 0;
    for (size_t tokens = 0;; ++tokens) {
      if ((tokens & 4095) == 0) reading_.check_cancelled();
      const auto token = xml.next();
      if (token == MarkupReader::Token::finished) break;
      if (token == MarkupReader::Token::text) {
        if (in_text) xml.append_text(paragraph);
        continue;
      }
      const bool starts = token == MarkupReader::Token::start;
      const std::string_view name = xml.name();
      if (name == "t") {
        in_text = starts;
      } else if (starts && (name == "Fallback" || (name == "fld" && xml.attribute("type").starts_with("slidenum")))) {
        xml.skip_element();
      } else if (starts && name == "sp") {
        place_holder.clear();
      } else if (starts && name == "ph") {
        place_holder = xml.attribute("type");
        if (place_holder.empty()) place_holder = "body";
      } else if (starts && name == "p") {
        paragraph.clear();
        level = 0;
        bullet = true;
      } else if (starts && name == "pPr") {
        const std::string value = xml.attribute("lvl");
        if (value.size() == 1 && value[0] >= '0' && value[0] <= '8') level = value[0] - '0';
      } else if (starts && name == "buNone") {
        bullet = false;
      } else if (starts && name == "br") {
        paragraph += ' ';
      } else if (starts && name == "tbl") {
        out_.begin_table();
        rows = 0;
      } else if (name == "tc") {
        if (starts && cells.size() < 1024) cells.emplace_back();
        in_cell = starts;
      } else if (!starts && name == "tr") {
        out_.table_row(cells, rows++ == 0 && cells.size() > 1);
        cells.clear();
      } else if (!starts && name == "p") {
        if (in_cell && !cells.empty()) cells.back() += (cells.back().empty() ? "" : " ") + paragraph;
        else put(paragraph, place_holder, level, bullet, notes);
        paragraph.clear();
      }
    }
  }

  void put(const std::string& text, const std::string& place_holder, int level, bool bullet, bool notes) {
    if (place_holder == "sldNum" || place_holder == "dt" || place_holder == "ftr" || place_holder == "hdr") return;
    if (notes) {
      if (place_holder == "body") out_.paragraph(text);
    } else if (place_holder == "title" || place_holder == "ctrTitle") {
      out_.heading(1, text);
    } else if (place_holder == "subTitle") {
      out_.paragraph(text);
    } else if (!place_holder.empty() && bullet) {
      out_.list_item(level + 1, text);
    } else {
      out_.paragraph(text);
    }
  }

  const Reading& reading_;
  ZipArchive archive_;
  DocumentWriter out_;
};

}  // namespace

Document read_pptx(const Reading& reading) { return PptxReader(reading).read(); }

}  // namespace hadal::rag
