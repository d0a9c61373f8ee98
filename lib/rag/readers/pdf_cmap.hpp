// Character maps of a PDF: codes to text (ToUnicode) and codes to glyphs of a CID font.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hadal::rag {

// A parsed CMap program (Adobe technical notes 5014 and 5411). What it gets wrong is left out; what it holds is
// bounded.
class PdfCMap {
 public:
  // bfchar and bfrange map codes to UTF-16, cidchar and cidrange to CIDs.
  explicit PdfCMap(std::string_view program);

  bool empty() const { return ranges_.empty(); }
  // Appends the text of a code as UTF-8; false if the map has none.
  bool append_text(uint32_t code, std::string& out) const;
  bool cid(uint32_t code, uint32_t& out) const;
  // How many bytes the code at the start of `bytes` has, by the code spaces; 0 if they say nothing.
  size_t code_size(std::string_view bytes) const;

 private:
  struct Range {
    uint32_t low, high;
    uint32_t target;     // CID; or offset of UTF-16BE in pool_
    uint32_t size;       // bytes in pool_
  };
  struct CodeSpace {
    uint32_t low, high;
    uint8_t size;
  };

  const Range* find(const std::vector<Range>& ranges, uint32_t code) const;
  std::vector<Range> ranges_, cids_;
  std::vector<CodeSpace> spaces_;
  std::string pool_;
};

}  // namespace hadal::rag
