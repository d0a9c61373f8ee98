// The words of a content stream or CMap program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::rag {

struct PdfToken {
  enum class Kind : uint8_t { number, name, string, word, array_begin, array_end, dict_begin, dict_end, finished };
  Kind kind = Kind::finished;
  double number = 0;
  std::string text;   // of a name without its slash, of a string decoded
};

class PdfLexer {
 public:
  explicit PdfLexer(std::string_view bytes) : bytes_(bytes) {}
  bool next(PdfToken& token);   // false at the end
  // After the word ID: passes over the data of an inline image, up to behind EI.
  void skip_inline_image();

 private:
  void read_literal(std::string& out);
  void read_hex(std::string& out);

  std::string_view bytes_;
  size_t at_ = 0;
};

}  // namespace hadal::rag
