// A font of a PDF as far as its text goes: what each code says and how wide it is.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rag/readers/pdf_cmap.hpp"
#include "rag/readers/pdf_file.hpp"

namespace hadal::rag {

struct PdfGlyph {
  std::string_view text;   // UTF-8, empty if the code says nothing; lives until the next call
  double width = 0;        // in text space: 1 = the font size
  bool one_byte_space = false;   // word spacing applies
};

class PdfFont {
 public:
  PdfFont(PdfFile& file, QPDFObjectHandle dictionary);

  // The glyph at the start of `bytes`, which loses its code.
  PdfGlyph next(std::string_view& bytes);
  bool vertical() const { return vertical_; }
  bool bold() const { return bold_; }

 private:
  enum class Codes : uint8_t { simple, two_bytes, utf16, gbk, big5, cmap };

  void load_simple(PdfFile& file, QPDFObjectHandle font);
  void load_composite(PdfFile& file, QPDFObjectHandle font);
  void load_cid_widths(QPDFObjectHandle widths);
  void read_type1_encoding(std::string_view program);
  size_t code_size(std::string_view bytes) const;
  void append_by_encoding(uint32_t code, size_t size);

  Codes codes_ = Codes::simple;
  bool vertical_ = false, bold_ = false;
  double width_scale_ = 0.001, default_width_ = 0;
  std::optional<PdfCMap> to_unicode_, encoding_;
  std::array<char32_t, 256> characters_{};   // of a simple font; 0 = unknown
  std::array<float, 256> widths_{};
  std::vector<float> cid_widths_;            // by CID, negative = default
  std::string text_;
};

// What a glyph's name says: Adobe's list, uniXXXX, uXXXXX, with what follows a dot left out; 0 = nothing.
char32_t glyph_character(std::string_view name);

}  // namespace hadal::rag
