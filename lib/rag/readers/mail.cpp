// eml: headers and the readable one of each set of alternatives (RFC 5322, 2045, 2046). Attachments are listed, and
// mails inside the mail are read.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/html.hpp"
#include "rag/readers/mail_text.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/text_encoding.hpp"
#include "rag/readers/text_lines.hpp"

namespace hadal::rag {
namespace {

// Headers and body of a mail or part; both are views of the file.
struct Part {
  std::string_view headers, body;

  explicit Part(std::string_view bytes) {
    size_t at = 0;
    while (at < bytes.size()) {
      const size_t end = bytes.find('\n', at);
      const std::string_view line = bytes.substr(at, end == bytes.npos ? end : end - at);
      if (line.empty() || line == "\r") break;
      at = end == bytes.npos ? bytes.size() : end + 1;
    }
    headers = bytes.substr(0, at);
    const size_t end = bytes.find('\n', at);
    body = end == bytes.npos ? std::string_view() : bytes.substr(end + 1);
  }

  // The value of the first header of this name, its lines joined.
  std::string header(std::string_view name) const {
    for (size_t at = 0; at < headers.size();) {
      size_t end = headers.find('\n', at);
      while (end != headers.npos && end + 1 < headers.size() && (headers[end + 1] == ' ' || headers[end + 1] == '\t'))
        end = headers.find('\n', end + 1);
      const std::string_view field = headers.substr(at, end == headers.npos ? end : end - at);
      const size_t colon = field.find(':');
      if (colon == name.size() && lower_ascii(field.substr(0, colon)) == name) {
        std::string value(trim_ascii(field.substr(colon + 1)));
        std::erase_if(value, [](char c) { return c == '\r' || c == '\n'; });
        return value;
      }
      at = end == headers.npos ? headers.size() : end + 1;
    }
    return {};
  }
};

std::vector<std::string_view> parts_between(std::string_view body, const std::string& boundary) {
  std::vector<std::string_view> parts;
  const std::string mark = "--" + boundary;
  size_t begin = body.npos;   // of the part being passed over
  for (size_t at = 0; at < body.size();) {
    const size_t end = std::min(body.find('\n', at), body.size());
    const std::string_view line = trim_ascii(body.substr(at, end - at));
    if (line.size() <= mark.size() + 2 && line.starts_with(mark) &&
        (line.size() == mark.size() || line.substr(mark.size()) == "--")) {
      if (begin != body.npos) parts.push_back(body.substr(begin, at - begin));
      if (line.size() > mark.size()) return parts;
      begin = end + 1;
    }
    at = end + 1;
  }
  if (begin != body.npos && begin < body.size()) parts.push_back(body.substr(begin));
  return parts;
}

class MailReader {
 public:
  explicit MailReader(const Reading& reading) : reading_(reading), out_(reading) {}

  Document read() {
    const Part mail(reading_.bytes);
    message(mail, 0);
    if (!attachments_.empty()) out_.paragraph("Attachments: " + attachments_);
    return out_.finish("message/rfc822");
  }

 private:
  void message(const Part& mail, uint32_t depth) {
    const std::string subject = decoded_header(mail.header("subject"));
    out_.heading(depth == 0 ? 1 : 2, subject);
    if (depth == 0) out_.title(subject);
    std::string who;
    for (const auto& [name, shown] : {std::pair("from", "From"), {"to", "To"}, {"cc", "Cc"}, {"date", "Date"}})
      if (const std::string value = decoded_header(mail.header(name)); !value.empty())
        who += std::string(shown) + ": " + value + "\n";
    out_.paragraph(who, true);
    part(mail, depth);
  }

  void part(const Part& part, uint32_t depth) {
    reading_.check_cancelled();
    if (++parts_ > reading_.limits.entries || depth > kDeepest)
      reading_.fail(ReadFailure::too_large, "expected fewer parts of a mail, found more or deeper ones");
    const std::string type_field = part.header("content-type");
    std::string type = lower_ascii(trim_ascii(type_field.substr(0, type_field.find(';'))));
    if (type.empty()) type = "text/plain";
    const std::string disposition = part.header("content-disposition");
    std::string file = header_parameter(disposition, "filename");
    if (file.empty()) file = header_parameter(type_field, "name");
    const bool attached = lower_ascii(disposition).starts_with("attachment");
    if (type.starts_with("multipart/")) return multipart(part, type, header_parameter(type_field, "boundary"), depth);
    if (type == "message/rfc822" && !attached) {
      std::string decoded;
      return message(Part(body_of(part, decoded)), depth + 1);
    }
    if (attached || (type != "text/plain" && type != "text/html")) {
      if (!file.empty() || attached) {
        if (attachments_.size() < kLongestList)
          attachments_ += (attachments_.empty() ? "" : ", ") + (file.empty() ? "(without a name)" : file);
        out_.note("The attachment " + (file.empty() ? "without a name" : file) + " was not read.");
      }
      return;
    }
    std::string decoded;
    const std::string_view body = body_of(part, decoded);
    std::string charset = header_parameter(type_field, "charset");
    if (type == "text/html") {
      if (charset.empty()) charset = declared_encoding(body);
      write_html(decode_text(body, charset).text, reading_, out_);
    } else {
      paragraphs(decode_text(body, charset).text);
    }
  }

  void multipart(const Part& part, const std::string& type, const std::string& boundary, uint32_t depth) {
    const std::vector<std::string_view> inner =
        boundary.empty() ? std::vector<std::string_view>() : parts_between(part.body, boundary);
    if (type != "multipart/alternative") {
      for (const std::string_view bytes : inner) this->part(Part(bytes), depth + 1);
      return;
    }
    // Plain text says the same in less; HTML is taken only where it is alone or the text is empty.
    const auto is_filled_text = [&](std::string_view bytes) {
      const Part one(bytes);
      const std::string kind = lower_ascii(one.header("content-type"));
      return (kind.empty() || kind.starts_with("text/plain")) && !trim_ascii(one.body).empty();
    };
    const auto text = std::find_if(inner.begin(), inner.end(), is_filled_text);
    if (text != inner.end()) this->part(Part(*text), depth + 1);
    else if (!inner.empty()) this->part(Part(inner.back()), depth + 1);
  }

  // A view of the file, or of `decoded`.
  static std::string_view body_of(const Part& part, std::string& decoded) {
    const std::string encoding = lower_ascii(part.header("content-transfer-encoding"));
    if (encoding == "quoted-printable") return decoded = from_quoted_printable(part.body);
    if (encoding == "base64") return decoded = from_base64(part.body);
    return part.body;
  }

  void paragraphs(std::string_view text) {
    std::string clean, paragraph;
    append_clean(text, clean);
    TextLines lines(clean);
    for (std::string_view line; lines.next(line);) {
      if (is_blank(line)) {
        out_.paragraph(paragraph, true);
        paragraph.clear();
        continue;
      }
      if (line == "-- ") break;   // a signature follows
      paragraph += line;
      paragraph += '\n';
    }
    out_.paragraph(paragraph, true);
  }

  static constexpr uint32_t kDeepest = 32;
  static constexpr size_t kLongestList = 4096;
  const Reading& reading_;
  DocumentWriter out_;
  std::string attachments_;
  size_t parts_ = 0;
};

}  // namespace

Document read_mail(const Reading& reading) { return MailReader(reading).read(); }

}  // namespace hadal::rag
