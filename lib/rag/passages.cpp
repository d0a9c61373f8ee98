#include "rag/passages.hpp"

#include <algorithm>
#include <array>

#include "core/message.hpp"
#include "rag/segment.hpp"

namespace hadal::rag {
namespace {

std::string file_name(std::string_view path) {
  const size_t slash = path.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

constexpr int64_t kFrame = 8;   // tokens around a passage: number, line breaks

Passage passage_of(const SearchHit& hit) {
  Passage p;
  const ChunkRecord& c = hit.chunk;
  p.document = c.document, p.path = hit.path, p.title = hit.title, p.heading = c.heading, p.text = hit.text;
  p.from = c.from, p.to = c.to, p.char_from = c.char_from, p.char_to = c.char_to;
  p.page_from = c.page_from, p.page_to = c.page_to, p.row_from = c.row_from, p.row_to = c.row_to;
  p.mtime_ns = hit.mtime_ns, p.score = hit.score;
  return p;
}

uint32_t lower(uint32_t a, uint32_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

// Makes `a` reach over `b` too, which touches it.
void join(Store& store, Passage& a, const Passage& b) {
  if (b.from < a.from) a.from = b.from, a.char_from = b.char_from, a.heading = b.heading;
  if (b.to > a.to) a.to = b.to, a.char_to = b.char_to;
  a.page_from = lower(a.page_from, b.page_from), a.page_to = std::max(a.page_to, b.page_to);
  a.row_from = lower(a.row_from, b.row_from), a.row_to = std::max(a.row_to, b.row_to);
  a.text = store.text(a.document, a.from, a.to);
}

bool touch(const Passage& a, const Passage& b) {
  constexpr size_t kGap = 4;   // the white space between two blocks
  return a.document == b.document && a.from <= b.to + kGap && b.from <= a.to + kGap;
}

std::string listed(const Passage& passage) {
  return message("[", passage.number, "] ", place_of(passage), "\n", passage.text, "\n\n");
}

}  // namespace

int PassageNumbers::number_of(const Passage& passage) {
  for (const Passage& given : given_)
    if (given.document == passage.document && given.from == passage.from && given.to == passage.to) return given.number;
  given_.push_back(passage);
  return given_.back().number = int(given_.size());
}

const Passage* PassageNumbers::find(int number) const {
  return number >= 1 && size_t(number) <= given_.size() ? &given_[size_t(number) - 1] : nullptr;
}

std::vector<Passage> pack_passages(Store& store, const std::vector<SearchHit>& hits, int64_t budget, CountTokens count,
                                   PassageNumbers& numbers) {
  std::vector<Passage> out;
  std::vector<int64_t> costs;
  int64_t used = 0;
  for (const SearchHit& hit : hits) {
    Passage next = passage_of(hit);
    // What it touches becomes one with it, and the whole may touch more.
    std::vector<bool> joined(out.size());
    int64_t given_back = 0;
    size_t place = out.size();
    for (bool more = true; more;) {
      more = false;
      for (size_t i = 0; i < out.size(); ++i) {
        if (joined[i] || !touch(out[i], next)) continue;
        join(store, next, out[i]);
        joined[i] = more = true;
        given_back += costs[i];
        place = std::min(place, i);
      }
    }
    const int64_t cost = count(next.text) + count(place_of(next)) + kFrame;
    if (used - given_back + cost > budget) continue;   // a shorter one further down may still fit
    used += cost - given_back;
    for (size_t i = out.size(); i-- > 0;) {
      if (!joined[i]) continue;
      next.score = std::max(next.score, out[i].score);
      out.erase(out.begin() + ptrdiff_t(i));
      costs.erase(costs.begin() + ptrdiff_t(i));
    }
    out.insert(out.begin() + ptrdiff_t(place), std::move(next));
    costs.insert(costs.begin() + ptrdiff_t(place), cost);
  }
  for (Passage& passage : out) passage.number = numbers.number_of(passage);
  return out;
}

std::vector<Passage> whole_documents(Store& store, const std::vector<DocumentRecord>& documents, int64_t budget,
                                     CountTokens count, PassageNumbers& numbers) {
  std::vector<Passage> out;
  int64_t bytes = 0, used = 0;
  for (const DocumentRecord& document : documents) {
    bytes += document.characters;
    if (bytes / 8 > budget) return {};   // no tokenizer makes less than a token of eight characters on average
  }
  for (const DocumentRecord& document : documents) {
    Passage p;
    p.document = document.id, p.path = document.path, p.title = document.title, p.mtime_ns = document.mtime_ns;
    p.text = store.text(document.id);
    p.to = p.text.size(), p.char_to = size_t(document.characters);
    if (document.pages > 0) p.page_from = 1, p.page_to = uint32_t(document.pages);
    used += count(p.text) + count(place_of(p)) + kFrame;
    if (used > budget) return {};
    if (!p.text.empty()) out.push_back(std::move(p));
  }
  for (Passage& passage : out) passage.number = numbers.number_of(passage);
  return out;
}

std::string place_of(const Passage& p) {
  std::string out = file_name(p.path);
  if (p.page_from != 0)
    out += p.page_to > p.page_from ? message(", pp. ", p.page_from, "-", p.page_to) : message(", p. ", p.page_from);
  else if (p.row_from != 0)
    out += p.row_to > p.row_from ? message(", rows ", p.row_from, "-", p.row_to) : message(", row ", p.row_from);
  if (!p.heading.empty()) out += ", " + p.heading;
  return out;
}

std::string question_with_passages(std::string_view question, const std::vector<Passage>& passages,
                                   const std::vector<std::string>& facts, AnswerStyle style) {
  const bool chinese = has_east_asian(question);
  std::string out;
  if (!facts.empty()) {
    out += chinese ? "关于用户：\n" : "About the user:\n";
    for (const std::string& fact : facts) out += "- " + fact + '\n';
    out += '\n';
  }
  if (!passages.empty()) {
    out += chinese ? "资料：\n\n" : "Sources:\n\n";
    for (const Passage& passage : passages) out += listed(passage);
    if (style == AnswerStyle::compare)
      out += chinese ? "只根据以上资料，用一个表格回答，每份文件一行，并在每行注明来源编号，如 [1]。资料中没有的内容写“没有说明”。\n\n"
                     : "Using only the sources above, answer with one table, one row for each document, each row with the "
                       "number of its source like [1]. Write \"not stated\" where a document says nothing.\n\n";
    else
      out += chinese ? "只根据以上资料回答，并注明来源编号，如 [1]。如果资料中没有答案，请说资料中没有。\n\n"
                     : "Answer using only the sources above and cite them by number like [1]. If they do not answer the "
                       "question, say that it is not in the documents.\n\n";
  }
  out += chinese ? "问题：" : "Question: ";
  out += question;
  return out;
}

std::string not_in_documents(std::string_view question) {
  return has_east_asian(question) ? "文档中没有找到相关内容。" : "This is not in the documents.";
}

std::vector<int> cited_numbers(std::string_view answer) {
  std::vector<int> out;
  for (size_t at = 0; at < answer.size(); ++at) {
    constexpr std::string_view kWideOpen = "【", kWideClose = "】";
    const bool wide = answer.substr(at).starts_with(kWideOpen);
    if (answer[at] != '[' && !wide) continue;
    size_t i = at + (wide ? kWideOpen.size() : 1);
    std::vector<int> numbers;
    bool digits = false, closed = false;
    int number = 0;
    for (; i < answer.size() && i < at + 48; ++i) {
      const char c = answer[i];
      if (c >= '0' && c <= '9' && number < 100000) {
        number = number * 10 + (c - '0');
        digits = true;
        continue;
      }
      if (digits) numbers.push_back(number);
      digits = false, number = 0;
      closed = wide ? answer.substr(i).starts_with(kWideClose) : c == ']';
      if (closed || (c != ',' && c != ' ' && c != ';')) break;
    }
    if (!closed) continue;
    for (const int n : numbers)
      if (std::find(out.begin(), out.end(), n) == out.end()) out.push_back(n);
    at = i;
  }
  return out;
}

bool is_follow_up(std::string_view question) {
  constexpr auto kPointing = std::to_array<std::string_view>(
      {"it", "its", "they", "them", "their", "that", "this", "those", "these", "he", "she", "his", "her", "one", "ones",
       "second", "third", "other", "others", "former", "latter", "also", "same", "there", "then", "else", "more", "instead"});
  constexpr auto kChinese = std::to_array<std::string_view>(
      {"那", "它", "这", "這", "他", "她", "其", "呢", "第二", "第三", "上面", "前面", "刚才", "剛才", "另外", "还有", "還有", "同样"});
  if (has_east_asian(question))
    return std::any_of(kChinese.begin(), kChinese.end(),
                       [&](std::string_view w) { return question.find(w) != std::string_view::npos; }) ||
           question.size() <= 3 * 5;
  const std::vector<std::string> words = segment(question);
  const auto starts = words.empty() ? std::string_view() : std::string_view(words[0]);
  return words.size() <= 3 || starts == "and" || starts == "but" || starts == "or" ||
         std::any_of(words.begin(), words.end(), [&](const std::string& word) {
           return std::find(kPointing.begin(), kPointing.end(), word) != kPointing.end();
         });
}

std::string combined_question(std::string_view before, std::string_view question) {
  return before.empty() ? std::string(question) : message(before, has_east_asian(question) ? "" : " ", question);
}

std::string rewrite_request(std::string_view question) {
  return has_east_asian(question)
             ? message("把下面的问题改写成一个不依赖对话也能看懂的完整问题，只写这个问题，不要回答：", question)
             : message("Rewrite the following question so that it can be understood without our conversation. Write only the "
                       "question, do not answer it: ", question);
}

}  // namespace hadal::rag
