#include "tokenizer/unigram_tokenizer.hpp"

#include <algorithm>
#include <limits>

#include "core/utf8.hpp"
#include "tokenizer/byte_tokens.hpp"

namespace hadal {

// Viterbi from left to right over the places between characters.
class UnigramTokenizer::PieceMerger final : public Merger {
 public:
  explicit PieceMerger(const UnigramTokenizer& model) : model_(model) {}

  void merge(std::string_view word, std::vector<int32_t>& out) override {
    best_.assign(word.size() + 1, Node{});
    best_[0].score = 0;
    const size_t longest = model_.vocabulary.longest_text();
    for (size_t at = 0; at < word.size();) {
      const size_t character = utf8_length(word[at]), most = std::min(word.size() - at, longest);
      bool has_single = false;
      for (size_t bytes = character; bytes <= most;) {
        const int32_t id = model_.vocabulary.find(word.substr(at, bytes));
        if (id >= 0 && model_.is_piece(id)) {
          offer(at, at + bytes, id, best_[at].score + model_.scores_[size_t(id)]);
          has_single = has_single || bytes == character;
        }
        bytes += at + bytes < word.size() ? utf8_length(word[at + bytes]) : 1;
      }
      if (!has_single) offer(at, at + character, -1, best_[at].score + model_.unknown_score_);
      at += character;
    }
    path_.clear();
    for (size_t at = word.size(); at > 0; at = best_[at].from) path_.push_back(best_[at].id);
    // Neighbouring unknown characters are one.
    for (size_t i = path_.size(); i-- > 0;)
      if (path_[i] >= 0) out.push_back(path_[i]);
      else if (model_.unknown_ >= 0 && (i + 1 == path_.size() || path_[i + 1] >= 0)) out.push_back(model_.unknown_);
  }

 private:
  struct Node {
    double score = -std::numeric_limits<double>::infinity();
    size_t from = 0;
    int32_t id = -1;   // -1: unknown
  };

  void offer(size_t from, size_t to, int32_t id, double score) {
    if (score > best_[to].score) best_[to] = {score, from, id};
  }

  const UnigramTokenizer& model_;
  std::vector<Node> best_;        // by place in the word
  std::vector<int32_t> path_;     // last piece first
};

std::unique_ptr<VocabularyTokenizer::Merger> UnigramTokenizer::make_merger() const {
  return std::make_unique<PieceMerger>(*this);
}

void UnigramTokenizer::set_scores(std::vector<double> scores, int32_t unknown_id) {
  constexpr double kUnknownPenalty = 10;
  scores_ = std::move(scores);
  unknown_ = unknown_id;
  unknown_score_ = scores_.empty() ? 0 : *std::min_element(scores_.begin(), scores_.end()) - kUnknownPenalty;
}

void UnigramTokenizer::append_bytes(int32_t id, std::string& out) const {
  if (is_added(id)) out += piece(id);
  else append_with_spaces(piece(id), out);
}

}  // namespace hadal
