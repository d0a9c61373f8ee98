// Text of codes after ISO 32000-1, 9.10.2: ToUnicode first, then the encoding and the names of its glyphs.
#include "rag/readers/pdf_font.hpp"

#include <algorithm>
#include <iterator>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

struct GlyphName {
  std::string_view name;
  char32_t character;
};
struct StandardWidths {
  std::string_view font;
  uint16_t widths[95];   // of ASCII 20 to 7E
};
#include "rag/readers/tables/glyph_encodings.inc"
#include "rag/readers/tables/glyph_names.inc"
#include "rag/readers/tables/standard_widths.inc"

constexpr size_t kMostCMapBytes = size_t{8} << 20;

char32_t hex_character(std::string_view digits) {
  char32_t c = 0;
  for (const char d : digits) {
    if (hex_digit(d) < 0) return 0;
    c = c * 16 + char32_t(hex_digit(d));
  }
  return c <= 0x10FFFF ? c : 0;
}

// "ABCDEF+TimesNewRomanPS-BoldMT" → the name of the standard font with the nearest widths.
std::string_view standard_font(std::string_view base) {
  if (base.size() > 7 && base[6] == '+') base.remove_prefix(7);
  const bool bold = base.find("Bold") != base.npos,
             italic = base.find("Italic") != base.npos || base.find("Oblique") != base.npos;
  if (base.find("Times") != base.npos || base.find("Serif") != base.npos || base.find("Roman") != base.npos)
    return bold ? (italic ? "Times-BoldItalic" : "Times-Bold") : italic ? "Times-Italic" : "Times-Roman";
  return bold ? "Helvetica-Bold" : "Helvetica";
}

// Ligatures read as their letters: nobody searches for U+FB01.
void append_letters(char32_t c, std::string& out) {
  constexpr std::string_view kLigatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
  if (c >= 0xFB00 && c <= 0xFB06) out += kLigatures[c - 0xFB00];
  else append_character(c, out);
}

// Bitmap fonts made by TeX's drivers name their glyphs by number: "a84" is T.
char32_t numbered_glyph(std::string_view name) {
  uint32_t code = 0;
  if (name.size() < 2 || name.size() > 4 || !is_letter(char32_t(uint8_t(name[0])))) return 0;
  for (const char digit : name.substr(1)) {
    if (digit < '0' || digit > '9') return 0;
    code = code * 10 + uint32_t(digit - '0');
  }
  return code > 0x20 && code < 0x7F ? code : 0;
}

std::string name_of_object(QPDFObjectHandle object) {
  return object.isName() ? object.getName().substr(1) : std::string();
}

}  // namespace

char32_t glyph_character(std::string_view name) {
  name = name.substr(0, name.find('.'));
  if (name.empty()) return 0;
  const auto found = std::lower_bound(std::begin(kGlyphNames), std::end(kGlyphNames), name,
                                      [](const GlyphName& entry, std::string_view n) { return entry.name < n; });
  if (found != std::end(kGlyphNames) && found->name == name) return found->character;
  if (name.size() == 7 && name.starts_with("uni")) return hex_character(name.substr(3));
  if (name.size() >= 5 && name.size() <= 7 && name[0] == 'u') return hex_character(name.substr(1));
  return 0;
}

PdfFont::PdfFont(PdfFile& file, QPDFObjectHandle font) {
  if (!font.isDictionary()) return;
  if (QPDFObjectHandle map = font.getKey("/ToUnicode"); map.isStream())
    to_unicode_.emplace(file.stream_bytes(map, kMostCMapBytes));
  const std::string base = name_of_object(font.getKey("/BaseFont"));
  bold_ = base.find("Bold") != base.npos || base.find("Black") != base.npos || base.find("Heavy") != base.npos ||
          base.find("CMBX") != base.npos;
  if (name_of_object(font.getKey("/Subtype")) == "Type0") load_composite(file, font);
  else load_simple(file, font);
}

void PdfFont::load_simple(PdfFile& file, QPDFObjectHandle font) {
  const std::string base = name_of_object(font.getKey("/BaseFont"));
  QPDFObjectHandle descriptor = font.getKey("/FontDescriptor");
  const bool type3 = name_of_object(font.getKey("/Subtype")) == "Type3";
  const int64_t flags = descriptor.isDictionary() && descriptor.getKey("/Flags").isInteger()
                            ? int64_t(descriptor.getKey("/Flags").getIntValue()) : 0;
  const bool symbolic = (flags & 4) != 0 && (flags & 32) == 0;
  QPDFObjectHandle encoding = font.getKey("/Encoding");
  std::string base_encoding = name_of_object(encoding);
  if (encoding.isDictionary()) base_encoding = name_of_object(encoding.getKey("/BaseEncoding"));
  const bool truetype = name_of_object(font.getKey("/Subtype")) == "TrueType";
  for (uint32_t code = 0; code < 256; ++code) {
    char32_t c = kStandardEncoding[code];
    if (base_encoding == "WinAnsiEncoding" || (base_encoding.empty() && truetype))
      c = windows_1252_character(uint8_t(code));
    else if (base_encoding == "MacRomanEncoding") c = mac_roman_character(uint8_t(code));
    else if (base_encoding.empty() && base.find("Symbol") != base.npos && base.size() < 18) c = kSymbolEncoding[code];
    else if (base_encoding.empty() && c == 0 && code >= 0x20) c = windows_1252_character(uint8_t(code));
    characters_[code] = c < 0x20 || c == 0xFFFD || (c >= 0x7F && c < 0xA0) ? 0 : c;
  }
  if (base_encoding.empty() && symbolic && descriptor.isDictionary() && descriptor.getKey("/FontFile").isStream())
    read_type1_encoding(file.stream_bytes(descriptor.getKey("/FontFile"), 65536));
  if (encoding.isDictionary() && encoding.getKey("/Differences").isArray()) {
    QPDFObjectHandle differences = encoding.getKey("/Differences");
    int64_t code = 0;
    for (int i = 0, n = std::min(differences.getArrayNItems(), 2048); i < n; ++i) {
      QPDFObjectHandle item = differences.getArrayItem(i);
      if (item.isInteger()) {
        code = item.getIntValue();
      } else if (item.isName() && code >= 0 && code < 256) {
        const std::string name = name_of_object(item);
        characters_[size_t(code)] = glyph_character(name);
        if (type3 && characters_[size_t(code)] == 0) characters_[size_t(code)] = numbered_glyph(name);
        ++code;
      }
    }
  }
  if (type3) {
    QPDFObjectHandle matrix = font.getKey("/FontMatrix");
    if (matrix.isArray() && matrix.getArrayNItems() == 6) width_scale_ = pdf_number_or(matrix.getArrayItem(0), 0.001);
  }
  QPDFObjectHandle widths = font.getKey("/Widths");
  const double missing = descriptor.isDictionary() ? pdf_number_or(descriptor.getKey("/MissingWidth"), 0) : 0;
  const double first = pdf_number_or(font.getKey("/FirstChar"), 0);
  if (widths.isArray()) {
    widths_.fill(float(missing));
    for (int i = 0, n = std::min(widths.getArrayNItems(), 256); i < n; ++i) {
      const double code = first + i;
      if (code >= 0 && code < 256) widths_[size_t(code)] = float(pdf_number_or(widths.getArrayItem(i), missing));
    }
    return;
  }
  const bool fixed = (flags & 1) != 0 || base.find("Courier") != base.npos || base.find("Mono") != base.npos;
  const std::string_view standard = standard_font(base);
  for (const StandardWidths& known : kStandardWidths) {
    if (known.font != standard) continue;
    for (size_t code = 0; code < 256; ++code) {
      const char32_t c = characters_[code];
      widths_[code] = fixed                   ? 600.0f
                      : c >= 0x20 && c < 0x7F ? float(known.widths[c - 0x20])
                                              : float(known.widths['n' - 0x20]);
    }
  }
}

// The clear part of a Type 1 font: "dup 65 /A put".
void PdfFont::read_type1_encoding(std::string_view program) {
  const size_t begin = program.find("/Encoding");
  if (begin == program.npos) return;
  const std::string_view array = program.substr(begin, program.find("readonly", begin) - begin);
  for (size_t at = array.find("dup "); at != array.npos; at = array.find("dup ", at + 1)) {
    size_t next = at + 4;
    uint32_t code = 0;
    while (next < array.size() && array[next] >= '0' && array[next] <= '9' && code < 256)
      code = code * 10 + uint32_t(array[next++] - '0');
    while (next < array.size() && array[next] == ' ') ++next;
    if (code > 255 || next >= array.size() || array[next] != '/') continue;
    const size_t end = array.find_first_of(" \r\n\t", next);
    if (end != array.npos) characters_[code] = glyph_character(array.substr(next + 1, end - next - 1));
  }
}

void PdfFont::load_composite(PdfFile& file, QPDFObjectHandle font) {
  codes_ = Codes::two_bytes;
  QPDFObjectHandle encoding = font.getKey("/Encoding");
  if (encoding.isStream()) {
    encoding_.emplace(file.stream_bytes(encoding, kMostCMapBytes));
    codes_ = Codes::cmap;
    vertical_ = pdf_number_or(encoding.getDict().getKey("/WMode"), 0) == 1;
  } else {
    const std::string name = name_of_object(encoding);
    vertical_ = name.ends_with("-V");
    if (name.starts_with("Uni")) codes_ = Codes::utf16;
    else if (name.starts_with("GB")) codes_ = Codes::gbk;
    else if (name.starts_with("B5") || name.starts_with("ETen") || name.starts_with("HKscs")) codes_ = Codes::big5;
  }
  QPDFObjectHandle descendants = font.getKey("/DescendantFonts");
  QPDFObjectHandle cid_font =
      descendants.isArray() && descendants.getArrayNItems() > 0 ? descendants.getArrayItem(0) : descendants;
  default_width_ = 1000;
  if (!cid_font.isDictionary()) return;
  default_width_ = pdf_number_or(cid_font.getKey("/DW"), 1000);
  load_cid_widths(cid_font.getKey("/W"));
}

void PdfFont::load_cid_widths(QPDFObjectHandle widths) {
  if (!widths.isArray()) return;
  size_t room = 1000000;   // ranges may name a CID again and again
  const auto set = [&](double cid, double width) {
    if (cid < 0 || cid > 65535 || room == 0) return;
    --room;
    if (cid_widths_.size() <= size_t(cid)) cid_widths_.resize(size_t(cid) + 1, -1.0f);
    cid_widths_[size_t(cid)] = float(width);
  };
  for (int i = 0, n = std::min(widths.getArrayNItems(), 200000); i + 1 < n;) {
    double first = 0, last = 0;
    if (!pdf_number(widths.getArrayItem(i), first)) return;
    QPDFObjectHandle second = widths.getArrayItem(i + 1);
    if (second.isArray()) {
      for (int k = 0, m = std::min(second.getArrayNItems(), 65536); k < m; ++k)
        set(first + k, pdf_number_or(second.getArrayItem(k), default_width_));
      i += 2;
    } else {
      if (i + 2 >= n || !pdf_number(second, last)) return;
      const double width = pdf_number_or(widths.getArrayItem(i + 2), default_width_);
      for (double cid = std::max(first, 0.0); cid <= std::min(last, 65535.0) && room > 0; ++cid) set(cid, width);
      i += 3;
    }
  }
}

size_t PdfFont::code_size(std::string_view bytes) const {
  const uint8_t first = uint8_t(bytes[0]);
  switch (codes_) {
    case Codes::simple: return 1;
    case Codes::two_bytes: return 2;
    case Codes::utf16: return first >= 0xD8 && first < 0xDC ? 4 : 2;
    case Codes::gbk:
      if (first < 0x81) return 1;
      return bytes.size() > 3 && uint8_t(bytes[1]) >= 0x30 && uint8_t(bytes[1]) <= 0x39 ? 4 : 2;
    case Codes::big5: return first < 0x81 ? 1 : 2;
    case Codes::cmap: {
      const size_t size = encoding_->code_size(bytes);
      return size == 0 ? 2 : size;
    }
  }
  return 1;
}

void PdfFont::append_by_encoding(uint32_t code, size_t size) {
  char32_t c = 0;
  switch (codes_) {
    case Codes::simple: c = characters_[code & 0xFF]; break;
    case Codes::utf16:
      c = size == 4 ? 0x10000 + (((code >> 16) & 0x3FF) << 10) + (code & 0x3FF) : code;
      break;
    case Codes::gbk: c = size == 1 ? code : gb18030_character(uint8_t(code >> 8), uint8_t(code)); break;
    case Codes::big5: c = size == 1 ? code : big5_character(uint8_t(code >> 8), uint8_t(code)); break;
    case Codes::two_bytes:
    case Codes::cmap: break;
  }
  if (c >= 0x20 && c != 0xFFFD) append_letters(c, text_);
}

PdfGlyph PdfFont::next(std::string_view& bytes) {
  const size_t size = std::min(code_size(bytes), bytes.size());
  uint32_t code = 0;
  for (const char b : bytes.substr(0, size)) code = code << 8 | uint8_t(b);
  bytes.remove_prefix(size);
  PdfGlyph glyph;
  glyph.one_byte_space = size == 1 && code == ' ';
  text_.clear();
  std::string mapped;
  if (to_unicode_ && to_unicode_->append_text(code, mapped)) {
    for (size_t at = 0; at < mapped.size();) {
      const char32_t c = next_character(mapped, at);
      if (c >= 0x20 && c != 0xFFFD) append_letters(c, text_);
    }
  }
  if (text_.empty()) append_by_encoding(code, size);
  if (codes_ == Codes::simple) {
    glyph.width = widths_[code & 0xFF] * width_scale_;
  } else {
    uint32_t cid = code;
    const bool known = codes_ == Codes::two_bytes || (codes_ == Codes::cmap && encoding_->cid(code, cid));
    double width =
        known && cid < cid_widths_.size() && cid_widths_[cid] >= 0 ? double(cid_widths_[cid]) : default_width_;
    // Without the CID of a code its width is a guess: ASCII is half as wide as a Han character.
    if (!known && text_.size() == 1 && width == 1000) width = 500;
    glyph.width = width * width_scale_;
  }
  glyph.text = text_;
  return glyph;
}

}  // namespace hadal::rag
