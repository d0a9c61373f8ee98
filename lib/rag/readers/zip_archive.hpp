// A zip archive in memory, read only, each part bounded before and while it is unpacked. Nothing is written anywhere,
// so a part's name is only a name; names that would leave a folder are refused as a sign of a hostile file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "rag/readers/reading.hpp"

namespace hadal::rag {

class ZipArchive {
 public:
  explicit ZipArchive(const Reading& reading);   // ReadError damaged, encrypted or too_large

  bool has(std::string_view name) const { return parts_.find(name) != parts_.end(); }
  // Bytes of a part; ReadError damaged if it is missing or its checksum is wrong. Leading / and ./ of a name are
  // ignored.
  std::string part(std::string_view name);
  std::string part_or_empty(std::string_view name) { return has(name) ? part(name) : std::string(); }

  template <class Visit>
  void for_each_name(Visit visit) const {
    for (const auto& [name, entry] : parts_) visit(std::string_view(name));
  }

 private:
  struct Entry {
    size_t header = 0;   // of the local file header
    size_t packed = 0, size = 0;
    uint32_t checksum = 0;
    uint16_t method = 0, flags = 0;
  };

  const Reading& reading_;
  std::map<std::string, Entry, std::less<>> parts_;
  size_t unpacked_ = 0;
};

// "a/b/../c.xml" of base "x/y.xml" → "x/a/c.xml"; empty if it would leave the archive.
std::string resolved_part(std::string_view base, std::string_view reference);

}  // namespace hadal::rag
