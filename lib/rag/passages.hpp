// The text a model gets with a question: numbered passages with their places, packed into a budget. Nothing here calls
// a model; numbers stay the same within a conversation, so that an old citation still means what it meant.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.hpp"
#include "rag/knowledge_base.hpp"

namespace hadal::rag {

struct Passage {
  int number = 0;   // [1], [2], ...
  int64_t document = 0;
  std::string path, title, heading, text;
  size_t from = 0, to = 0, char_from = 0, char_to = 0;
  uint32_t page_from = 0, page_to = 0, row_from = 0, row_to = 0;
  int64_t mtime_ns = 0;
  double score = 0;
};

// The passages one conversation has been given so far.
class PassageNumbers {
 public:
  // The number of this stretch of text, a new one if it was never given.
  int number_of(const Passage& passage);
  const Passage* find(int number) const;
  void clear() { given_.clear(); }

 private:
  std::vector<Passage> given_;   // number n at n - 1
};

using CountTokens = FunctionRef<int64_t(std::string_view)>;

// Hits in order as long as they fit `budget` tokens; whole hits only, those that touch or overlap in one document made
// into one passage. At least the first hit is taken if it fits by itself.
std::vector<Passage> pack_passages(Store& store, const std::vector<SearchHit>& hits, int64_t budget, CountTokens count,
                                   PassageNumbers& numbers);

// Every document whole, or nothing if they do not fit together.
std::vector<Passage> whole_documents(Store& store, const std::vector<DocumentRecord>& documents, int64_t budget,
                                     CountTokens count, PassageNumbers& numbers);

// "handbook.pdf, p. 3, Pumps > Oil"
std::string place_of(const Passage& passage);

enum class AnswerStyle { question, compare };

// The whole user message: what is known of the user, passages, how to answer, the question. In Chinese for a Chinese
// question.
std::string question_with_passages(std::string_view question, const std::vector<Passage>& passages,
                                   const std::vector<std::string>& facts, AnswerStyle style);

// What is said instead of an answer when nothing relevant was found.
std::string not_in_documents(std::string_view question);

// Numbers n of the marks [n] in an answer, in order of first appearance, also of [1, 2] and 【1】.
std::vector<int> cited_numbers(std::string_view answer);

// A question that leans on what was said before ("and the second one?", 那第二条呢) by its words.
bool is_follow_up(std::string_view question);
// Both questions as one to search for.
std::string combined_question(std::string_view before, std::string_view question);
// What the model is asked in order to make a follow-up question stand alone.
std::string rewrite_request(std::string_view question);

}  // namespace hadal::rag
