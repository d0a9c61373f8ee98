// Numbers that Word counts itself: "3.2", "(a)", "第三章". A clause is searched by them, so they belong to the text.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {

class DocxNumbering {
 public:
  DocxNumbering(ZipArchive& archive, std::string_view part);   // word/numbering.xml, which may be missing

  // Counts one paragraph of list `list` at `level` (from 0) and returns its number as shown; empty for bullets.
  std::string next(const std::string& list, size_t level);

 private:
  static constexpr size_t kLevels = 9;
  static constexpr size_t kMostLists = 20000;   // a list takes twenty times the bytes of its XML
  struct Level {
    std::string format = "decimal", text;
    int64_t start = 1;
  };
  struct List {
    std::array<Level, kLevels> levels;
  };

  std::map<std::string, List> abstract_;
  std::map<std::string, std::string> abstract_of_;
  std::map<std::string, std::array<int64_t, kLevels>> counts_;   // by abstract list: lists that share one count on
};

// A count in a format of OOXML (decimal, lowerLetter, upperRoman, chineseCounting, ...); decimal for others.
std::string numbered(int64_t count, std::string_view format);

}  // namespace hadal::rag
