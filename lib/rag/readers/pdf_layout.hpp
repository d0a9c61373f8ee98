// Glyphs in place become lines in reading order.
#pragma once

#include <string>
#include <vector>

#include "rag/readers/pdf_content.hpp"

namespace hadal::rag {

struct TextLine {
  std::vector<std::string> cells;   // what wide gaps part; one for a line of prose
  float left = 0, right = 0;        // along the line
  float baseline = 0;               // larger is further up, in the frame of the line's direction
  float size = 0;                   // of most of its characters
  bool bold = false;
  size_t region = 0;                // lines of one column or band; regions are numbered in reading order
  size_t characters = 0;
};

// The column order is found by cutting: a gutter counts only where there is running text on both sides of it, so that
// tables are read row by row.
std::vector<TextLine> reading_order(const PageText& page);

}  // namespace hadal::rag
