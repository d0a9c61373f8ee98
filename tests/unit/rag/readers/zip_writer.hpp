// Writes zip archives, right and wrong ones: what a header claims is the test's choice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hadal::rag::test {

inline void put(std::string& out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) out += i < 8 ? char(value >> (8 * i)) : '\0';
}

struct ZipPart {
  std::string name, packed;
  uint16_t method = 0;
  uint32_t size = 0;       // claimed
  uint32_t checksum = 0;
};

inline uint32_t crc_of(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char b : bytes) {
    crc ^= uint8_t(b);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

inline ZipPart stored(std::string name, std::string content) {
  ZipPart part{std::move(name), std::move(content), 0, 0, 0};
  part.size = uint32_t(part.packed.size());
  part.checksum = crc_of(part.packed);
  return part;
}

inline std::string zip(const std::vector<ZipPart>& parts) {
  std::string out, directory;
  for (const ZipPart& part : parts) {
    const size_t offset = out.size();
    std::string both;   // from the version needed to the extra field's size
    put(both, 20, 2), put(both, 0, 2), put(both, part.method, 2), put(both, 0, 4), put(both, part.checksum, 4);
    put(both, part.packed.size(), 4), put(both, part.size, 4), put(both, part.name.size(), 2), put(both, 0, 2);
    out += "PK\x03\x04" + both + part.name + part.packed;
    directory += "PK\x01\x02";
    put(directory, 20, 2);
    directory += both;
    put(directory, 0, 10), put(directory, offset, 4);
    directory += part.name;
  }
  const size_t at = out.size();
  out += directory + "PK\x05\x06";
  put(out, 0, 4), put(out, parts.size(), 2), put(out, parts.size(), 2), put(out, directory.size(), 4), put(out, at, 4),
      put(out, 0, 2);
  return out;
}

}  // namespace hadal::rag::test
