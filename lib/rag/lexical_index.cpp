#include "rag/lexical_index.hpp"

#include <algorithm>
#include <cmath>

namespace hadal::rag {

void LexicalIndex::add(int64_t row, const std::vector<std::vector<std::string>>& columns) {
  int64_t length = 0;
  for (uint64_t c = 0; c < columns.size(); ++c) {
    for (uint64_t w = 0; w < columns[c].size(); ++w) words_[columns[c][w]][row].push_back(c << 32 | w);
    length += int64_t(columns[c].size());
  }
  lengths_[row] = length;
  total_ += length;
}

void LexicalIndex::remove(int64_t row) {
  const auto length = lengths_.find(row);
  if (length == lengths_.end()) return;
  total_ -= length->second;
  lengths_.erase(length);
  for (auto word = words_.begin(); word != words_.end();) {
    word->second.erase(row);
    word = word->second.empty() ? words_.erase(word) : std::next(word);
  }
}

std::map<int64_t, std::vector<uint64_t>> LexicalIndex::places(const QueryTerm& term) const {
  std::map<int64_t, std::vector<uint64_t>> out;
  if (term.words.empty()) return out;
  if (term.prefix) {
    const std::string& start = term.words[0];
    for (auto word = words_.lower_bound(start); word != words_.end() && word->first.starts_with(start); ++word)
      for (const auto& [row, places] : word->second) {
        auto& all = out[row];
        all.insert(all.end(), places.begin(), places.end());
      }
    return out;
  }
  const auto first = words_.find(term.words[0]);
  if (first == words_.end()) return out;
  out = first->second;
  for (size_t k = 1; k < term.words.size() && !out.empty(); ++k) {
    const auto next = words_.find(term.words[k]);
    if (next == words_.end()) return {};
    for (auto row = out.begin(); row != out.end();) {
      const auto there = next->second.find(row->first);
      if (there != next->second.end())
        std::erase_if(row->second, [&](uint64_t place) {
          return !std::binary_search(there->second.begin(), there->second.end(), place + k);
        });
      row = there == next->second.end() || row->second.empty() ? out.erase(row) : std::next(row);
    }
  }
  return out;
}

std::vector<std::pair<int64_t, double>> LexicalIndex::search(const std::vector<QueryTerm>& terms,
                                                             const std::vector<double>& weights) const {
  constexpr double kK1 = 1.2, kB = 0.75, kLeastIdf = 1e-6;
  const double rows = double(lengths_.size());
  const double average = rows > 0 ? double(total_) / rows : 1;
  std::map<int64_t, double> scores;
  for (const QueryTerm& term : terms) {
    const auto found = places(term);
    const double with = double(found.size());
    double idf = std::log((rows - with + 0.5) / (with + 0.5));
    if (idf <= 0) idf = kLeastIdf;
    for (const auto& [row, in_row] : found) {
      double f = 0;
      for (const uint64_t place : in_row) f += (place >> 32) < weights.size() ? weights[place >> 32] : 1.0;
      const double length = double(lengths_.at(row));
      scores[row] += idf * (f * (kK1 + 1)) / (f + kK1 * (1 - kB + kB * length / average));
    }
  }
  std::vector<std::pair<int64_t, double>> out(scores.begin(), scores.end());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

int64_t LexicalIndex::rows_with(const QueryTerm& term) const { return int64_t(places(term).size()); }

}  // namespace hadal::rag
