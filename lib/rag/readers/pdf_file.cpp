#include "rag/readers/pdf_file.hpp"

#include <algorithm>
#include <set>

#include <qpdf/Pipeline.hh>
#include <qpdf/QPDFExc.hh>

#include "rag/readers/inflate.hpp"
#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

class BoundedSink : public Pipeline {
 public:
  explicit BoundedSink(size_t most) : Pipeline("text", nullptr), most_(most) {}
  void write(unsigned char const* data, size_t size) override {
    const size_t room = most_ - bytes.size();
    bytes.append(reinterpret_cast<const char*>(data), std::min(size, room));
    // qpdf takes this for a damaged stream and stops decoding.
    if (size > room) throw Error(Status::out_of_memory, "the stream is longer than wanted");
  }
  void finish() override {}
  std::string bytes;

 private:
  size_t most_;
};

bool packs(std::string_view filter) {
  return filter.starts_with("/FlateDecode") || filter.starts_with("/LZWDecode") ||
         filter.starts_with("/RunLengthDecode") || filter.starts_with("/Fl ") || filter.starts_with("/Fl]");
}

// qpdf unpacks object streams whole and before anybody can say how much is too much, so what could become too large is
// measured here first: streams are inflated into nothing, and one packed twice is refused as no tool writes it.
void refuse_bombs(const Reading& reading) {
  const std::string_view bytes = reading.bytes;
  for (size_t at = bytes.find("Decode"); at != bytes.npos; at = bytes.find("Decode", at + 6)) {
    size_t next = at + 6;
    while (next < bytes.size() && (bytes[next] == ' ' || (bytes[next] >= '\t' && bytes[next] <= '\r'))) ++next;
    const size_t before = at - std::min<size_t>(at, 16);
    const size_t slash = bytes.substr(before, at - before).rfind('/');
    if (slash != bytes.npos && packs(bytes.substr(before + slash, 32)) && packs(bytes.substr(next, 32)))
      reading.fail(ReadFailure::too_large, "expected streams packed once, found one packed twice");
  }
  constexpr size_t kHarmless = size_t{32} << 20;
  constexpr size_t kLargestRatio = 1032;   // deflate's own bound
  size_t all = 0, end = 0;
  for (size_t at = bytes.find("stream"); at != bytes.npos; at = bytes.find("stream", at + 6)) {
    if (at >= 3 && bytes.substr(at - 3, 3) == "end") continue;
    size_t begin = at + 6;
    if (begin < bytes.size() && bytes[begin] == '\r') ++begin;
    if (begin < bytes.size() && bytes[begin] == '\n') ++begin;
    if (begin + 2 > bytes.size() || (uint8_t(bytes[begin]) & 0x0F) != 8) continue;   // no zlib stream
    if (end < begin) end = std::min(bytes.find("endstream", begin), bytes.size());
    if ((end - begin) * kLargestRatio < kHarmless) continue;
    const size_t size =
        inflated_size(bytes.substr(begin, end - begin), reading.limits.unpacked_bytes, reading.cancelled);
    all += size;
    if (size >= reading.limits.unpacked_bytes || all > 4 * reading.limits.unpacked_bytes ||
        (size > kHarmless && size / reading.limits.unpacked_ratio > end - begin))
      reading.fail(ReadFailure::too_large, "expected streams of a sane size, found one that unpacks to " +
                                               std::to_string(size) + " bytes or more");
  }
}

}  // namespace

double parse_pdf_number(std::string_view text) {
  double value = 0, scale = 1;
  bool negative = false, fraction = false;
  for (const char c : text) {
    if (c == '-') negative = true;
    else if (c == '.') fraction = true;
    else if (c >= '0' && c <= '9') {
      if (fraction) value += (scale /= 10) * (c - '0');
      else if (value < 1e15) value = value * 10 + (c - '0');
    }
  }
  return negative ? -value : value;
}

bool pdf_number(QPDFObjectHandle object, double& value) {
  if (object.isInteger()) value = double(object.getIntValue());
  else if (object.isReal()) value = parse_pdf_number(object.getRealValue());
  else return false;
  return true;
}

double pdf_number_or(QPDFObjectHandle object, double otherwise) {
  double value = otherwise;
  pdf_number(object, value);
  return value;
}

std::string pdf_text_string(std::string_view bytes) {
  if (bytes.starts_with("\xFE\xFF")) return decode_as(bytes.substr(2), "utf-16be").text;
  if (bytes.starts_with("\xFF\xFE")) return decode_as(bytes.substr(2), "utf-16le").text;
  if (bytes.starts_with("\xEF\xBB\xBF")) return decode_as(bytes.substr(3), "utf-8").text;
  return decode_as(bytes, "windows-1252").text;   // PDFDocEncoding's letters are the same
}

PdfFile::PdfFile(const Reading& reading) : reading_(reading) {
  refuse_bombs(reading);
  qpdf_.setSuppressWarnings(true);
  try {
    qpdf_.processMemoryFile("pdf", reading.bytes.data(), reading.bytes.size());
  } catch (const QPDFExc& error) {
    if (error.getErrorCode() == qpdf_e_password)
      reading.fail(ReadFailure::encrypted, "expected a pdf that opens without a password, found one that needs it");
    if (error.getErrorCode() == qpdf_e_unsupported)
      reading.fail(ReadFailure::encrypted, "expected a known kind of encryption, found another");
    reading.fail(ReadFailure::damaged, "expected a pdf's objects, found: " + error.getMessageDetail());
  }
}

std::vector<PdfPage> PdfFile::pages() {
  struct Node {
    QPDFObjectHandle dictionary, resources, box;
  };
  std::vector<PdfPage> pages;
  std::set<QPDFObjGen> seen;
  std::vector<Node> pending{
      {qpdf_.getRoot().getKey("/Pages"), QPDFObjectHandle::newNull(), QPDFObjectHandle::newNull()}};
  size_t nodes = 0;
  while (!pending.empty()) {
    Node node = std::move(pending.back());
    pending.pop_back();
    if (!node.dictionary.isDictionary()) continue;
    if ((++nodes & 255) == 0) reading_.check_cancelled();
    if (node.dictionary.isIndirect() && !seen.insert(node.dictionary.getObjGen()).second) continue;
    if (QPDFObjectHandle own = node.dictionary.getKey("/Resources"); own.isDictionary()) node.resources = own;
    if (QPDFObjectHandle own = node.dictionary.getKey("/MediaBox"); own.isArray()) node.box = own;
    QPDFObjectHandle kids = node.dictionary.getKey("/Kids");
    if (kids.isArray()) {
      for (int i = kids.getArrayNItems() - 1; i >= 0; --i)
        pending.push_back({kids.getArrayItem(i), node.resources, node.box});
      if (pending.size() > size_t{4} * reading_.limits.pages + 1000)
        reading_.fail(ReadFailure::too_large, "expected fewer pages, found a list too long");
      continue;
    }
    if (pages.size() >= reading_.limits.pages)
      reading_.fail(ReadFailure::too_large,
                    "expected at most " + std::to_string(reading_.limits.pages) + " pages, found more");
    PdfPage& page = pages.emplace_back();
    page.dictionary = node.dictionary;
    page.resources = node.resources;
    if (node.box.isArray() && node.box.getArrayNItems() == 4) {
      for (int i = 0; i < 4; ++i) page.box[size_t(i)] = pdf_number_or(node.box.getArrayItem(i), page.box[size_t(i)]);
      if (page.box[0] > page.box[2]) std::swap(page.box[0], page.box[2]);
      if (page.box[1] > page.box[3]) std::swap(page.box[1], page.box[3]);
    }
  }
  return pages;
}

std::string PdfFile::title() {
  QPDFObjectHandle info = qpdf_.getTrailer().getKey("/Info");
  if (!info.isDictionary()) return {};
  QPDFObjectHandle title = info.getKey("/Title");
  return title.isString() ? pdf_text_string(title.getStringValue()) : std::string();
}

std::string PdfFile::stream_bytes(QPDFObjectHandle stream, size_t most) {
  if (!stream.isStream()) return {};
  reading_.check_cancelled();
  BoundedSink sink(most);
  stream.pipeStreamData(&sink, 0, qpdf_dl_specialized, true, false);
  unpacked_ += sink.bytes.size();
  if (unpacked_ > reading_.limits.unpacked_bytes)
    reading_.fail(ReadFailure::too_large, "expected at most " + std::to_string(reading_.limits.unpacked_bytes) +
                                              " bytes in its streams, found more");
  return std::move(sink.bytes);
}

}  // namespace hadal::rag
