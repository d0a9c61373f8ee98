#include "rag/readers/inflate.hpp"

#include <algorithm>
#include <memory>

#include <zlib.h>

#include "core/status.hpp"

namespace hadal::rag {
namespace {

constexpr size_t kStep = size_t{1} << 16;

// Feeds `packed` and hands each piece to `take` until it says no.
template <class Take>
InflateEnd inflate_pieces(std::string_view packed, int window_bits, FunctionRef<bool()> cancelled, Take take) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) throw Error(Status::out_of_memory, "no memory to unpack a document");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, inflateEnd);
  const auto piece = std::make_unique<unsigned char[]>(kStep);
  for (size_t steps = 0;; ++steps) {
    if ((steps & 63) == 0 && cancelled()) throw Error(Status::cancelled, "reading was cancelled");
    if (stream.avail_in == 0 && !packed.empty()) {
      const size_t size = std::min(packed.size(), size_t{1} << 20);
      stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(packed.data()));
      stream.avail_in = unsigned(size);
      packed.remove_prefix(size);
    }
    stream.next_out = piece.get();
    stream.avail_out = unsigned(kStep);
    const int result = inflate(&stream, Z_NO_FLUSH);
    const size_t size = kStep - stream.avail_out;
    if (size > 0 && !take(reinterpret_cast<const char*>(piece.get()), size)) return InflateEnd::too_large;
    if (result == Z_STREAM_END) return InflateEnd::whole;
    if (result != Z_OK || (size == 0 && stream.avail_in == 0 && packed.empty())) return InflateEnd::damaged;
  }
}

}  // namespace

size_t inflated_size(std::string_view packed, size_t most, FunctionRef<bool()> cancelled) {
  size_t all = 0;
  inflate_pieces(packed, 15, cancelled, [&](const char*, size_t size) { return (all += size) < most; });
  return std::min(all, most);
}

InflateEnd inflate_raw(std::string_view packed, size_t most, FunctionRef<bool()> cancelled, std::string& out) {
  return inflate_pieces(packed, -15, cancelled, [&](const char* data, size_t size) {
    if (size > most - std::min(most, out.size())) return false;
    out.append(data, size);
    return true;
  });
}

}  // namespace hadal::rag
