// Puts a Document together block by block and keeps its promises: valid UTF-8, clean white space, blocks in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rag/document.hpp"
#include "rag/readers/reading.hpp"

namespace hadal::rag {

class DocumentWriter {
 public:
  explicit DocumentWriter(const Reading& reading) : reading_(reading) {}

  uint32_t page = 0;  // given to the blocks that follow
  uint32_t row = 0;

  // Each adds one block, unless its text is only white space, and says whether it did. Runs of white space become one
  // space; with keep_lines line breaks stay.
  bool heading(int level, std::string_view text);
  bool paragraph(std::string_view text, bool keep_lines = false);
  bool list_item(int depth, std::string_view text, bool keep_lines = false);
  bool code(std::string_view text);  // lines as they are, without the empty ones at both ends

  // Rows belong to the table begun last. Cells lose tabs and line breaks; a row of empty cells is dropped.
  void begin_table() { ++table_; }
  bool table_row(const std::vector<std::string>& cells, bool header = false);

  void title(std::string_view text);
  const std::string& title() const { return document_.title; }
  void note(std::string sentence);

  size_t blocks() const { return document_.blocks.size(); }
  const std::string& text() const { return document_.text; }
  Document finish(std::string_view mime, uint32_t pages = 0);

 private:
  bool add(BlockKind kind, int level, std::string_view clean, std::string_view separator);

  const Reading& reading_;
  Document document_;
  uint32_t table_ = 0;
};

}  // namespace hadal::rag
