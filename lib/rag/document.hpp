// What every document becomes: one text and the blocks it is made of, each with its place in the source. Written by the
// readers of lib/rag/readers, cut into chunks by chunker.hpp; neither knows the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hadal::rag {

enum class BlockKind : uint8_t {
  heading,       // level 1 to 6; a sheet's or slide's name is a heading too
  paragraph,
  list_item,     // level = depth, from 1
  table_header,  // names the columns of the rows with the same `table`; cells are separated by tabs
  table_row,     // never torn
  code,          // lines kept as they are; never torn unless it alone is too long
};

// A stretch of Document::text. Blocks do not overlap and follow the text's order; what lies between two of them is
// white space.
struct Block {
  BlockKind kind = BlockKind::paragraph;
  uint8_t level = 0;
  uint32_t page = 0;   // page or slide, from 1; 0 where the format has none
  uint32_t row = 0;    // row of a sheet or line of a csv file, from 1; 0 elsewhere
  uint32_t table = 0;  // which table of the document, from 1; 0 outside tables
  size_t from = 0;     // bytes of Document::text; always at the border of a character
  size_t to = 0;
};

struct Document {
  std::string text;  // valid UTF-8 without NUL, lines end with \n, no \r
  std::string title;
  std::string mime;
  uint32_t pages = 0;
  std::vector<Block> blocks;
  std::vector<std::string> notes;  // what was left out, one sentence each: scanned pages, attachments
};

}  // namespace hadal::rag
