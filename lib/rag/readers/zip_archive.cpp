// After PKWARE's APPNOTE 6.3: end of central directory, central headers, local headers, ZIP64 fields.
#include "rag/readers/zip_archive.hpp"

#include <algorithm>
#include <vector>

#include <zlib.h>

#include "rag/readers/inflate.hpp"

namespace hadal::rag {
namespace {

uint64_t little(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size && at + i < bytes.size(); ++i) value |= uint64_t(uint8_t(bytes[at + i])) << (8 * i);
  return value;
}

// Offset of the end record, which a comment of up to 64 KiB may follow; npos if there is none.
size_t find_end_record(std::string_view bytes) {
  constexpr size_t kRecord = 22, kComment = 65535;
  if (bytes.size() < kRecord) return bytes.npos;
  const size_t lowest = bytes.size() - std::min(bytes.size(), kRecord + kComment);
  for (size_t at = bytes.size() - kRecord + 1; at-- > lowest;)
    if (bytes.substr(at, 4) == "PK\x05\x06") return at;
  return bytes.npos;
}

bool leaves_folder(std::string_view name) {
  if (name.starts_with('/') || name.find('\\') != name.npos || name.find('\0') != name.npos) return true;
  if (name.size() > 1 && name[1] == ':') return true;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

ZipArchive::ZipArchive(const Reading& reading) : reading_(reading) {
  const std::string_view bytes = reading.bytes;
  const size_t end = find_end_record(bytes);
  if (end == bytes.npos)
    reading.fail(ReadFailure::damaged, "expected a zip archive's directory at its end, found none");
  uint64_t count = little(bytes, end + 10, 2), size = little(bytes, end + 12, 4), offset = little(bytes, end + 16, 4);
  if (end >= 20 && bytes.substr(end - 20, 4) == "PK\x06\x07") {
    const uint64_t record = little(bytes, end - 12, 8);
    if (end >= 56 && record <= end - 56 && bytes.substr(record, 4) == "PK\x06\x06") {
      count = little(bytes, record + 32, 8);
      size = little(bytes, record + 40, 8);
      offset = little(bytes, record + 48, 8);
    }
  }
  if (offset > bytes.size() || size > bytes.size() - offset)
    reading.fail(ReadFailure::damaged, "expected a zip archive's directory inside the file, found it outside");
  if (count > reading.limits.entries)
    reading.fail(ReadFailure::too_large, "expected at most " + std::to_string(reading.limits.entries) +
                                             " parts in its archive, found " + std::to_string(count));
  size_t at = offset;
  for (uint64_t i = 0; i < count; ++i) {
    if (at + 46 > bytes.size() || bytes.substr(at, 4) != "PK\x01\x02")
      reading.fail(ReadFailure::damaged,
                   "expected " + std::to_string(count) + " parts in its archive, found " + std::to_string(i));
    const size_t name_size = little(bytes, at + 28, 2), extra_size = little(bytes, at + 30, 2);
    Entry entry;
    entry.flags = uint16_t(little(bytes, at + 8, 2));
    entry.method = uint16_t(little(bytes, at + 10, 2));
    entry.checksum = uint32_t(little(bytes, at + 16, 4));
    entry.packed = little(bytes, at + 20, 4);
    entry.size = little(bytes, at + 24, 4);
    entry.header = little(bytes, at + 42, 4);
    const std::string_view name = bytes.substr(at + 46, name_size);
    const std::string_view extra = bytes.substr(std::min(at + 46 + name_size, bytes.size()), extra_size);
    for (size_t field = 0; field + 4 <= extra.size(); field += 4 + little(extra, field + 2, 2)) {
      if (little(extra, field, 2) != 1) continue;   // ZIP64: only what did not fit above, in this order
      size_t value = field + 4;
      for (size_t* wide : {&entry.size, &entry.packed, &entry.header})
        if (*wide == 0xFFFFFFFF) *wide = little(extra, value, 8), value += 8;
    }
    if (leaves_folder(name))
      reading.fail(ReadFailure::damaged, "expected names inside its archive, found one that leads out of it");
    parts_.emplace(std::string(name), entry);
    at += 46 + name_size + extra_size + little(bytes, at + 32, 2);
  }
}

std::string ZipArchive::part(std::string_view name) {
  reading_.check_cancelled();
  while (name.starts_with('/')) name.remove_prefix(1);
  const std::string shown(name.substr(0, 200));
  const auto found = parts_.find(name);
  if (found == parts_.end()) reading_.fail(ReadFailure::damaged, "expected a part " + shown + ", found none");
  const Entry& entry = found->second;
  const std::string_view bytes = reading_.bytes;
  if (entry.flags & 1)
    reading_.fail(ReadFailure::encrypted, "expected a document without a password, found " + shown + " encrypted");
  if (entry.header > bytes.size() || bytes.size() - entry.header < 30 || bytes.substr(entry.header, 4) != "PK\x03\x04")
    reading_.fail(ReadFailure::damaged, "expected the header of " + shown + ", found something else");
  const size_t begin = entry.header + 30 + little(bytes, entry.header + 26, 2) + little(bytes, entry.header + 28, 2);
  if (begin > bytes.size() || entry.packed > bytes.size() - begin)
    reading_.fail(ReadFailure::damaged, "expected " + shown + " inside the file, found it outside");
  const std::string_view packed = bytes.substr(begin, entry.packed);
  // What a header says of its size is only a claim: the bound holds while unpacking.
  constexpr size_t kHarmless = size_t{1} << 20;
  const size_t room = reading_.limits.unpacked_bytes - std::min(unpacked_, reading_.limits.unpacked_bytes);
  const size_t ratio =
      packed.size() > room / reading_.limits.unpacked_ratio ? room : packed.size() * reading_.limits.unpacked_ratio;
  const size_t most = std::min(room, std::max(kHarmless, ratio));
  std::string out;
  InflateEnd result = InflateEnd::whole;
  if (entry.method == 0) {
    if (packed.size() > room) result = InflateEnd::too_large;
    else out = packed;
  } else if (entry.method == 8) {
    result = inflate_raw(packed, most, reading_.cancelled, out);
  } else {
    reading_.fail(ReadFailure::unsupported,
                  "expected parts packed by deflate, found method " + std::to_string(entry.method));
  }
  if (result == InflateEnd::too_large)
    reading_.fail(ReadFailure::too_large,
                  "expected " + shown + " to unpack to at most " + std::to_string(most) + " bytes, found more");
  if (result == InflateEnd::damaged ||
      uint32_t(crc32_z(0, reinterpret_cast<const unsigned char*>(out.data()), out.size())) != entry.checksum)
    reading_.fail(ReadFailure::damaged, "expected " + shown + " whole, found it damaged");
  unpacked_ += out.size();
  return out;
}

std::string resolved_part(std::string_view base, std::string_view reference) {
  std::vector<std::string_view> folders;
  const auto walk = [&](std::string_view path, bool file) {
    for (size_t at = 0; at <= path.size();) {
      const size_t end = std::min(path.find('/', at), path.size());
      const std::string_view piece = path.substr(at, end - at);
      const bool last = end == path.size();
      at = end + 1;
      if (last && !file) return true;
      if (piece.empty() || piece == ".") continue;
      if (piece != "..") folders.push_back(piece);
      else if (folders.empty()) return false;
      else folders.pop_back();
    }
    return true;
  };
  if (!reference.starts_with('/') && !walk(base, false)) return {};
  if (!walk(reference, true)) return {};
  std::string out;
  for (const std::string_view folder : folders) {
    if (!out.empty()) out += '/';
    out += folder;
  }
  return out;
}

}  // namespace hadal::rag
