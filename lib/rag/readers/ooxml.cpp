#include "rag/readers/ooxml.hpp"

#include "rag/readers/packed_xml.hpp"

namespace hadal::rag {

std::map<std::string, Relation> relations_of(ZipArchive& archive, std::string_view part) {
  std::map<std::string, Relation> relations;
  const size_t slash = part.rfind('/');
  const std::string folder(part.substr(0, slash == part.npos ? 0 : slash + 1));
  const std::string name = folder + "_rels/" + std::string(part.substr(folder.size())) + ".rels";
  if (!archive.has(name)) return relations;
  const std::string text = xml_part(archive, name);
  MarkupReader xml(text, MarkupReader::Dialect::xml);
  for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
    if (token != MarkupReader::Token::start || xml.name() != "Relationship") continue;
    if (xml.attribute("TargetMode") == "External") continue;
    std::string type = xml.attribute("Type");
    type = type.substr(type.rfind('/') + 1);
    const std::string target = resolved_part(part, xml.attribute("Target"));
    if (!target.empty()) relations[xml.attribute("Id")] = {target, type};
  }
  return relations;
}

std::string related_part(const std::map<std::string, Relation>& relations, std::string_view type,
                         std::string_view otherwise) {
  for (const auto& [id, relation] : relations)
    if (relation.type == type) return relation.target;
  return std::string(otherwise);
}

std::string main_part(ZipArchive& archive, std::string_view otherwise) {
  return related_part(relations_of(archive, ""), "officeDocument", otherwise);
}

}  // namespace hadal::rag
