// HTML and XML as a row of tokens: no tree, no recursion, no entity but characters, nothing loaded from elsewhere. XML
// is read by this too because a document needs its parts once and in order, and a tree of a large sheet takes ten times
// the memory of the sheet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::rag {

class MarkupReader {
 public:
  enum class Dialect : uint8_t { html, xml };
  enum class Token : uint8_t { start, end, text, finished };

  MarkupReader(std::string_view text, Dialect dialect) : text_(text), dialect_(dialect) {}

  // Comments, processing instructions and document types are passed over. In html, what stands inside script, style and
  // their like is passed over as well, and an end token follows their start.
  Token next();

  // Of a start or end: without prefix; in html lower case. It lives until the next call.
  std::string_view name() const { return name_; }
  bool self_closing() const { return self_closing_; }
  // Of a start, decoded. Prefixes are left out unless one is asked for ("r:id" beside "id").
  bool attribute(std::string_view local_name, std::string& value) const;
  std::string attribute(std::string_view local_name) const;                // empty if there is none
  // Of a text: appends it with character references decoded.
  void append_text(std::string& out) const;
  std::string_view raw_text() const { return raw_; }

  // XML: passes over everything up to the end of the element whose start was just read.
  void skip_element();

  bool cut_off() const { return cut_off_; }   // the text ended inside a tag

 private:
  Token read_tag();
  void skip_raw_element();

  std::string_view text_;
  Dialect dialect_;
  size_t at_ = 0;
  std::string lowered_, skip_to_end_of_;
  std::string_view name_, attributes_, raw_;
  bool literal_ = false, self_closing_ = false, cut_off_ = false, pending_end_ = false;
};

// Appends text with &amp; &#x4E2D; and, in html, all named characters of one code point decoded.
void append_decoded(std::string_view raw, MarkupReader::Dialect dialect, std::string& out);

// A number without sign of at most nine digits, as attributes hold them; `otherwise` for anything else.
int whole_number(std::string_view text, int otherwise);

// What the first bytes say of their encoding: encoding="..." of an XML declaration, charset=... of a meta element.
std::string_view declared_encoding(std::string_view bytes);

}  // namespace hadal::rag
