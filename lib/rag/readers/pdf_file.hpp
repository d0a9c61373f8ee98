// A PDF's objects through qpdf: opened, decrypted without a password, its pages in order, its streams bounded.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

// clang 14 cannot read qpdf/JSON.hh of 11.3 as C++20 with libstdc++ 12 (a vector of a class not yet complete gets its
// destructor too early). Nothing here uses it, so its guard keeps it out.
#if defined(__clang__) && !defined(JSON_HH)
#define JSON_HH
class JSON;
#endif
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>

#include "rag/readers/reading.hpp"

namespace hadal::rag {

struct PdfPage {
  QPDFObjectHandle dictionary, resources;
  std::array<double, 4> box{0, 0, 612, 792};   // left, bottom, right, top of the media box
};

class PdfFile {
 public:
  explicit PdfFile(const Reading& reading);   // ReadError encrypted or damaged
  PdfFile(const PdfFile&) = delete;

  std::vector<PdfPage> pages();
  std::string title();

  // Decoded bytes of a stream, at most `most`; what a damaged stream still gives is kept. A document whose streams
  // give more than ReadLimits::unpacked_bytes in all is refused.
  std::string stream_bytes(QPDFObjectHandle stream, size_t most);

 private:
  const Reading& reading_;
  QPDF qpdf_;
  size_t unpacked_ = 0;
};

// Not qpdf's own conversion: that one follows the host's locale.
bool pdf_number(QPDFObjectHandle object, double& value);
double pdf_number_or(QPDFObjectHandle object, double otherwise);
double parse_pdf_number(std::string_view text);

// A text string of a PDF (UTF-16 with its mark, UTF-8 with its mark, or PDFDocEncoding) as UTF-8.
std::string pdf_text_string(std::string_view bytes);

}  // namespace hadal::rag
