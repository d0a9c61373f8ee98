// Everything of a base that a user can meet, as text: two bases are equal when their dumps are.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "rag/knowledge_base.hpp"

inline std::string dump(hadal::rag::KnowledgeBase& base, const std::vector<std::string>& queries) {
  using namespace hadal::rag;
  std::vector<std::string> parts;
  for (const DocumentRecord& r : base.documents()) {
    std::ostringstream out;
    out.precision(8);
    out << r.path << ' ' << name_of(r.status) << ' ' << r.reason << ' ' << r.title << ' ' << r.sha256 << ' ' << r.mtime_ns << ' '
        << r.characters << '\n' << base.text(r.id) << '\n';
    for (const ChunkRecord& c : base.store().chunks(r.id)) {
      out << c.ordinal << ' ' << c.from << '-' << c.to << ' ' << c.char_from << '-' << c.char_to << ' ' << c.heading << '|' << c.front;
      for (const float v : base.store().vector_of(c.id)) out << ' ' << v;
      out << '\n';
    }
    parts.push_back(out.str());
  }
  std::sort(parts.begin(), parts.end());
  for (const std::string& query : queries) {
    for (const SearchMode mode : {SearchMode::vector, SearchMode::text}) {
      SearchSettings settings;
      settings.mode = mode, settings.limit = 1000, settings.candidates = 1000;
      std::vector<std::string> lines;
      for (const SearchHit& hit : base.search(query, settings)) {
        std::ostringstream line;
        line.precision(9);
        line << query << ' ' << hit.path << ' ' << hit.chunk.ordinal << ' ' << hit.score << '\n';
        lines.push_back(line.str());
      }
      std::sort(lines.begin(), lines.end());   // equal scores may come in either order
      parts.insert(parts.end(), lines.begin(), lines.end());
    }
  }
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}
