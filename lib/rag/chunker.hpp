// A document cut into the pieces that are embedded, searched and cited, each knowing where it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rag/document.hpp"
#include "rag/embedder.hpp"

namespace hadal::rag {

// Raised whenever the same document gives other chunks.
constexpr int kChunkerVersion = 1;

struct Chunk {
  size_t from = 0, to = 0;             // bytes of Document::text
  size_t char_from = 0, char_to = 0;   // characters of it
  uint32_t page_from = 0, page_to = 0;
  uint32_t row_from = 0, row_to = 0;
  std::string heading;    // "Part > Section": the headings the whole chunk stands under
  std::string front;      // embedded before the text and no part of it: title and headings, the table's header
  std::string embedded;   // what the embedder sees: `front` and the text
  int tokens = 0;         // of `embedded`
};

struct ChunkSettings {
  int most_tokens = 400;    // of the embedded text; never above Embedder::max_tokens()
  int least_tokens = 200;   // a chunk that has as many ends where the next block or section begins
};

// title: stands in front of the embedded text; may be empty. Throws what the embedder throws.
std::vector<Chunk> make_chunks(const Document& document, std::string_view title, Embedder& embedder,
                               const ChunkSettings& settings = {});

}  // namespace hadal::rag
