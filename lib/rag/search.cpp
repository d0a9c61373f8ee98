// From a question to passages: likeness of vectors, likeness of words, and both fused by their ranks.
#include <algorithm>
#include <unordered_map>

#include "core/message.hpp"
#include "core/status.hpp"
#include "rag/knowledge_base.hpp"
#include "rag/language_probe.hpp"

namespace hadal::rag {
namespace {

// Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009): each list gives 1 / (k + rank).
constexpr double kFusion = 60;
// What the vector list counts for a language that the model does not understand: too little to reorder what the words
// found (the least step between their first hundred ranks is 4e-5), so that it decides ties and fills up.
constexpr double kLittleTrust = 1e-3;
constexpr size_t kRescored = 200;   // of the int8 scan, by their unrounded vectors

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) sum += double(a[i]) * b[i];
  return sum;
}

bool is_below(std::string_view path, std::string_view folder) {
  while (!folder.empty() && folder.back() == '/') folder.remove_suffix(1);
  return folder.empty() || (path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/'));
}

}  // namespace

bool KnowledgeBase::is_understood(std::string_view question) {
  if (!has_east_asian(question)) return true;
  if (!knows_chinese_) knows_chinese_ = chinese_understood(*embedder_) >= kUnderstood;
  return *knows_chinese_;
}

std::vector<std::pair<int64_t, float>> KnowledgeBase::dense(const std::vector<float>& query, size_t most, const View& all,
                                                            FunctionRef<bool(int64_t)> wanted) {
  const size_t rows = all.rows->rows();
  std::vector<uint8_t> allowed(rows);
  int64_t last = 0;
  bool yes = false;
  for (size_t r = 0; r < rows; ++r) {
    if (all.document_of_row[r] != last) yes = wanted(last = all.document_of_row[r]);
    allowed[r] = yes;
  }
  std::vector<std::pair<int64_t, float>> out;
  for (const ScanHit& hit : all.rows->top(query, std::max(kRescored, most), allowed)) {
    const int64_t chunk = all.chunk_of_row[hit.row];
    out.emplace_back(chunk, float(dot(query, store_->vector_of(chunk))));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (out.size() > most) out.resize(most);
  return out;
}

std::vector<SearchHit> KnowledgeBase::search(std::string_view query, const SearchSettings& settings, Reranker* reranker) {
  if (settings.mode == SearchMode::vector && !embedder_)
    throw Error(Status::invalid_argument, "search: expected an embedding model for mode vector, found none");
  const bool use_vectors = settings.mode != SearchMode::text && embedder_ != nullptr;
  const View& all = view(use_vectors);
  const auto wanted = [&](int64_t id) {
    const auto found = all.documents.find(id);
    if (found == all.documents.end()) return false;
    const DocumentRecord& r = found->second;
    return (settings.documents.empty() ||
            std::find(settings.documents.begin(), settings.documents.end(), id) != settings.documents.end()) &&
           is_below(r.path, settings.folder) && r.mtime_ns >= settings.after_ns && r.mtime_ns <= settings.before_ns;
  };
  const size_t candidates = std::max(settings.candidates, settings.limit);

  std::vector<SearchHit> hits;
  std::unordered_map<int64_t, size_t> hit_of_chunk;
  const auto hit_for = [&](int64_t chunk) -> SearchHit& {
    const auto [at, fresh] = hit_of_chunk.emplace(chunk, hits.size());
    if (fresh) hits.emplace_back().chunk.id = chunk;
    return hits[at->second];
  };
  if (use_vectors && all.rows->rows() > 0) {
    std::vector<float> vector(size_t(embedder_->dimension()));
    std::string_view asked = query;
    while (embedder_->count_tokens(asked) > embedder_->max_tokens()) {   // the end of a long question is the question
      asked.remove_prefix(asked.size() / 8 + 1);
      while (!asked.empty() && (static_cast<unsigned char>(asked[0]) & 0xC0) == 0x80) asked.remove_prefix(1);
    }
    embedder_->embed(std::span(&asked, 1), Purpose::query, vector);
    const double trust = settings.mode == SearchMode::vector || is_understood(query) ? 1 : kLittleTrust;
    int rank = 0;
    for (const auto& [chunk, score] : dense(vector, candidates, all, wanted)) {
      SearchHit& hit = hit_for(chunk);
      hit.dense_rank = ++rank;
      hit.dense_score = score;
      hit.score += settings.mode == SearchMode::vector ? score : trust / (kFusion + rank);
    }
  }
  if (settings.mode != SearchMode::vector) {
    int rank = 0;
    for (const LexicalHit& found : store_->lexical(query_terms(query), candidates, wanted)) {
      SearchHit& hit = hit_for(found.chunk);
      hit.lexical_rank = ++rank;
      hit.lexical_score = found.score;
      hit.score += settings.mode == SearchMode::text ? found.score : 1 / (kFusion + rank);
    }
  }

  for (SearchHit& hit : hits)
    if (const auto chunk = store_->chunk(hit.chunk.id)) {
      const auto document = all.documents.find(chunk->document);
      if (document == all.documents.end()) continue;   // of a base whose tables contradict each other
      hit.chunk = *chunk;
      hit.path = document->second.path, hit.title = document->second.title, hit.mtime_ns = document->second.mtime_ns;
      hit.text = store_->text(chunk->document, chunk->from, chunk->to);
    }
  std::erase_if(hits, [](const SearchHit& hit) { return hit.text.empty(); });   // removed by another process meanwhile
  if (reranker && !hits.empty()) {
    std::vector<std::string> texts;
    for (const SearchHit& hit : hits) texts.push_back(hit.chunk.front + hit.text);
    std::vector<std::string_view> views(texts.begin(), texts.end());
    std::vector<float> scores(hits.size());
    reranker->rank(query, views, scores);
    for (size_t i = 0; i < hits.size(); ++i) hits[i].score = hits[i].rerank_score = scores[i];
  }
  std::stable_sort(hits.begin(), hits.end(), [](const SearchHit& a, const SearchHit& b) {
    return a.score > b.score || (a.score == b.score && a.chunk.id < b.chunk.id);
  });
  if (settings.per_document > 0) {
    std::map<int64_t, size_t> of_document;
    std::erase_if(hits, [&](const SearchHit& hit) { return ++of_document[hit.chunk.document] > settings.per_document; });
  }
  if (hits.size() > settings.limit) hits.resize(settings.limit);
  if (settings.newest_first)
    std::stable_sort(hits.begin(), hits.end(), [](const SearchHit& a, const SearchHit& b) { return a.mtime_ns > b.mtime_ns; });
  return hits;
}

}  // namespace hadal::rag
