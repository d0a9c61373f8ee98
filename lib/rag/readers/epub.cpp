// epub: the chapters of the spine in order, each read as HTML.
#include <map>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/html.hpp"
#include "rag/readers/markup.hpp"
#include "rag/readers/packed_xml.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/text_encoding.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {
namespace {

// A reference of the package as a part's name: "Text/ch%201.xhtml#top".
std::string part_of(std::string_view base, std::string_view reference) {
  return resolved_part(base, unescaped_bytes(reference.substr(0, reference.find('#')), '%'));
}

std::string package_part(ZipArchive& archive) {
  const std::string text = archive.part_or_empty("META-INF/container.xml");
  MarkupReader xml(text, MarkupReader::Dialect::xml);
  for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next())
    if (token == MarkupReader::Token::start && xml.name() == "rootfile") return part_of("", xml.attribute("full-path"));
  return "content.opf";
}

}  // namespace

Document read_epub(const Reading& reading) {
  ZipArchive archive(reading);
  DocumentWriter out(reading);
  const std::string package = package_part(archive);
  const std::string text = xml_part(archive, package);
  // Fonts may be scrambled; a chapter that is, cannot be read.
  const std::string encryption = archive.part_or_empty("META-INF/encryption.xml");
  std::map<std::string, std::string> manifest;
  MarkupReader xml(text, MarkupReader::Dialect::xml);
  size_t chapters = 0;
  for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
    if (token != MarkupReader::Token::start) continue;
    if (xml.name() == "title" && out.title().empty()) {
      std::string title;
      if (!xml.self_closing() && xml.next() == MarkupReader::Token::text) xml.append_text(title);
      out.title(title);
    } else if (xml.name() == "item") {
      manifest[xml.attribute("id")] = part_of(package, xml.attribute("href"));
    } else if (xml.name() == "itemref") {
      const auto item = manifest.find(xml.attribute("idref"));
      if (item == manifest.end() || !archive.has(item->second)) continue;
      if (encryption.find("\"" + item->second + "\"") != encryption.npos)
        reading.fail(ReadFailure::encrypted, "expected a book without copy protection, found its chapters encrypted");
      write_html(xml_part(archive, item->second), reading, out);
      ++chapters;
    }
  }
  if (chapters == 0) reading.fail(ReadFailure::damaged, "expected chapters, found none");
  return out.finish("application/epub+zip");
}

}  // namespace hadal::rag
