#include "rag/readers/packed_xml.hpp"

#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {

std::string xml_part(ZipArchive& archive, std::string_view name) {
  std::string bytes = archive.part(name);
  if (bytes.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"")) return bytes;
  return decode_text(bytes, declared_encoding(bytes)).text;
}

std::string xml_title(ZipArchive& archive, std::string_view part) {
  if (!archive.has(part)) return {};
  const std::string text = xml_part(archive, part);
  MarkupReader xml(text, MarkupReader::Dialect::xml);
  for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
    if (token != MarkupReader::Token::start || xml.name() != "title") continue;
    std::string title;
    if (xml.next() == MarkupReader::Token::text) xml.append_text(title);
    return title;
  }
  return {};
}

}  // namespace hadal::rag
