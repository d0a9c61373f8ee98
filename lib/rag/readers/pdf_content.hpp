// What a page shows as text: its content stream run, with forms, as glyphs in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rag/readers/pdf_file.hpp"
#include "rag/readers/pdf_font.hpp"

namespace hadal::rag {

struct PlacedGlyph {
  float x = 0, y = 0;        // where its baseline begins, in points from the lower left of the page
  float advance = 0;         // along its direction
  float size = 0;            // of the font, in points
  uint32_t text_at = 0;      // in PageText::text
  uint16_t text_size = 0;    // 0 for white space, which still parts words
  int16_t degrees = 0;       // direction of the line: 0 to the right, 90 up, ...
  bool bold = false;
  bool vertical = false;     // set from top to bottom, lines from right to left
};

struct PageText {
  std::vector<PlacedGlyph> glyphs;   // in the order they are painted
  std::string text;
  size_t images = 0;
  size_t unknown = 0;   // glyphs whose text nobody can tell
};

class PdfContentReader {
 public:
  PdfContentReader(const Reading& reading, PdfFile& file) : reading_(reading), file_(file) {}
  PageText read(const PdfPage& page);

 private:
  friend class PdfContentRun;
  std::shared_ptr<PdfFont> font(QPDFObjectHandle dictionary);

  const Reading& reading_;
  PdfFile& file_;
  std::map<QPDFObjGen, std::shared_ptr<PdfFont>> fonts_;
  size_t interpreted_ = 0;   // bytes of content run so far, forms each time they are used
};

}  // namespace hadal::rag
