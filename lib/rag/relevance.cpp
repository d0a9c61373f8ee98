// Whether the passages found answer the question at all. Two signs: how alike the best passage is to the question, and
// how much of the question's words, weighed by their rarity, one passage has.
#include <algorithm>
#include <cmath>
#include <set>

#include "rag/knowledge_base.hpp"

namespace hadal::rag {
namespace {

// Calibrated with tests/bench/retrieval/calibrate.py on questions inside and outside of documents that the benchmark
// does not use: the logistic of these sums tells the two apart best.
constexpr double kOffset = -9.0, kCosine = 14.0, kCoverage = 5.5;
// Without an embedder the words alone decide.
constexpr double kWordsOffset = -3.0, kWordsCoverage = 6.0;

double rarity(int64_t chunks, int64_t with) { return std::log(1 + (double(chunks) - double(with) + 0.5) / (double(with) + 0.5)); }

}  // namespace

Relevance KnowledgeBase::relevance(std::string_view query, const std::vector<SearchHit>& hits) {
  Relevance out;
  if (hits.empty()) return out;
  // Single words only: a phrase of them says nothing new.
  std::vector<std::pair<std::string, double>> words;
  double total = 0;
  const int64_t chunks = store_->num_chunks();
  for (const QueryTerm& term : query_terms(query)) {
    if (term.words.size() != 1 || words.size() == 64) continue;
    const double weight = rarity(chunks, store_->chunks_with(term));
    words.emplace_back(term.words[0], weight);
    total += weight;
  }
  for (const SearchHit& hit : hits) {
    out.cosine = std::max(out.cosine, hit.dense_score);
    const std::vector<std::string> there = segment(hit.chunk.front + hit.text);
    const std::set<std::string_view> has(there.begin(), there.end());
    double covered = 0;
    for (const auto& [word, weight] : words)
      if (has.contains(word)) covered += weight;
    if (total > 0) out.coverage = std::max(out.coverage, covered / total);
  }
  const double sum = embedder_ ? kOffset + kCosine * out.cosine + kCoverage * out.coverage
                               : kWordsOffset + kWordsCoverage * out.coverage;
  out.score = 1 / (1 + std::exp(-sum));
  return out;
}

}  // namespace hadal::rag
