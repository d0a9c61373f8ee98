// layers: readers
// Bytes as a document of the kind its first byte chooses: a clean Error, or blocks that lie inside the text.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string_view>

#include "rag/readers/read_document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hadal;
  constexpr std::string_view kNames[] = {"a.txt", "a.md", "a.csv", "a.tsv", "a.html", "a.eml", "a"};
  if (size == 0) return 0;
  const std::string_view name = kNames[data[0] % std::size(kNames)];
  // pdf and zip begin with signatures of their own, so nothing is cut off for them.
  const bool packed = data[0] == 'P' || data[0] == '%';
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(packed ? 0 : 1);
  rag::ReadLimits limits;
  limits.unpacked_bytes = size_t{16} << 20;
  limits.text_bytes = size_t{8} << 20;
  try {
    const rag::Document document = rag::read_document(bytes, name, limits);
    size_t end = 0;
    for (const rag::Block& block : document.blocks) {
      if (block.from < end || block.to <= block.from || block.to > document.text.size()) std::abort();
      end = block.to;
    }
  } catch (const rag::ReadError&) {
  }
  return 0;
}
