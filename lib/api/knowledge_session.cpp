// Questions of a session answered from a knowledge base.
#include "api/knowledge.hpp"
#include "generate/json_text.hpp"

namespace hadal::api {
namespace {

constexpr int64_t kRewriteTokens = 64;

}  // namespace

KnowledgeUse::KnowledgeUse(std::shared_ptr<Knowledge> knowledge, KnowledgeOptions options)
    : knowledge_(std::move(knowledge)), options_(std::move(options)) {}

void KnowledgeUse::reset() {
  numbers_.clear();
  given_.clear();
  question_.clear();
  relevance_ = {};
  found_ = false;
}

// The follow-up question by the session's own model, on a copy of the session; "" if what came is of no use.
std::string KnowledgeUse::rewritten(Session& session, std::string_view question) const {
  const std::shared_ptr<Session> copy = session.fork();
  copy->set("temperature", "0");
  copy->set("max_tokens", message(kRewriteTokens));
  copy->set("stop", "[\"\\n\"]");
  copy->add("user", rag::rewrite_request(question));
  copy->until_over(std::numeric_limits<int64_t>::max());
  const std::string answer = copy->get("answer");
  // A question that shares nothing with the one asked is another one.
  const std::vector<std::string> asked = rag::segment(question), made = rag::segment(answer);
  const bool related = std::any_of(made.begin(), made.end(), [&](const std::string& word) {
    return std::find(asked.begin(), asked.end(), word) != asked.end();
  });
  return related && answer.size() < 600 ? answer : std::string();
}

std::string KnowledgeUse::standalone(Session& session, std::string_view question) const {
  const std::string_view how = options_.get("rewrite");
  const std::string before = session.last_question();
  if (how == "off" || before.empty() || !rag::is_follow_up(question)) return std::string(question);
  const std::string combined = rag::combined_question(before, question);
  if (how != "model") return combined;
  try {
    const std::string made = rewritten(session, question);
    return made.empty() ? combined : rag::combined_question(question, made);
  } catch (const Error& error) {
    if (error.status() == Status::cancelled || error.status() == Status::out_of_memory) throw;
    return combined;   // the context is full, the model failed: the rule still works
  }
}

std::vector<rag::Passage> KnowledgeUse::passages_for(Session& session, std::string_view question, int64_t budget) {
  rag::KnowledgeBase& base = *knowledge_->base;
  rag::Store& store = base.store();
  const Tokenizer& tokenizer = session.model()->tokenizer();
  std::vector<int32_t> ids;
  const auto count = [&](std::string_view text) {
    ids.clear();
    tokenizer.encode(text, false, ids);
    return int64_t(ids.size());
  };
  rag::SearchSettings settings = options_.search();
  std::vector<rag::SearchHit> hits = base.search(question_, settings, knowledge_->reranker.get());
  relevance_ = base.relevance(question_, hits);
  if (question_ != question) {   // what looked like a follow-up may have been a new subject
    std::vector<rag::SearchHit> own = base.search(question, settings, knowledge_->reranker.get());
    const rag::Relevance alone = base.relevance(question, own);
    if (alone.score > relevance_.score) {
      question_ = question;
      relevance_ = alone;
      hits = std::move(own);
    }
  }
  found_ = !hits.empty() && relevance_.score >= options_.least_relevance();
  if (!found_) return {};

  std::vector<rag::DocumentRecord> documents;
  for (const rag::DocumentRecord& r : base.documents())
    if (r.status == rag::DocumentStatus::done &&
        (settings.documents.empty() || std::find(settings.documents.begin(), settings.documents.end(), r.id) != settings.documents.end()))
      documents.push_back(r);
  if (options_.get("whole") == "auto" && settings.folder.empty() && settings.after_ns == INT64_MIN && settings.before_ns == INT64_MAX) {
    std::vector<rag::Passage> whole = rag::whole_documents(store, documents, budget, count, numbers_);
    if (!whole.empty()) return whole;
  }
  if (!options_.boolean("compare") || documents.empty()) return rag::pack_passages(store, hits, budget, count, numbers_);

  // Each document gets the same room, whatever the others have to say.
  std::vector<rag::Passage> out;
  for (const rag::DocumentRecord& document : documents) {
    settings.documents = {document.id};
    const auto own = base.search(question_, settings, knowledge_->reranker.get());
    for (rag::Passage& p : rag::pack_passages(store, own, budget / int64_t(documents.size()), count, numbers_)) out.push_back(std::move(p));
  }
  return out;
}

void KnowledgeUse::add(Session& session, std::string_view question) {
  const std::string checked = checked_text(question, session.get("invalid_text") == "replace", "message");
  std::vector<std::string> facts;
  {
    const Claim claim(knowledge_->occupancy, "knowledge base");
    question_ = standalone(session, checked);
    const int64_t budget = int64_t(double(session.context()) * options_.number("context_share"));
    given_ = passages_for(session, checked, budget);
    for (const rag::Store::Fact& fact : knowledge_->base->store().facts()) facts.push_back(fact.text);
  }
  // What is known of the user may hold the answer where the documents do not.
  const bool of_user = !facts.empty() && std::any_of(facts.begin(), facts.end(), [&](const std::string& fact) {
    const std::vector<std::string> words = rag::segment(fact);
    const auto terms = rag::query_terms(question_);
    return std::any_of(terms.begin(), terms.end(), [&](const rag::QueryTerm& t) {
      return t.words.size() == 1 && std::find(words.begin(), words.end(), t.words[0]) != words.end();
    });
  });
  if (!found_ && !of_user && options_.least_relevance() >= 0) {
    session.add("user", checked);
    session.answer_with(rag::not_in_documents(checked));
    return;
  }
  const auto style = options_.boolean("compare") ? rag::AnswerStyle::compare : rag::AnswerStyle::question;
  session.add("user", rag::question_with_passages(checked, given_, facts, style), checked);
}

std::string KnowledgeUse::passages_json(const std::vector<rag::Passage>& passages) const {
  Json::Array list;
  for (const rag::Passage& p : passages)
    list.push_back(Json(Json::Object{{"n", int64_t(p.number)}, {"document", p.document}, {"path", p.path}, {"title", p.title},
                                     {"page", p.page_from == 0 ? Json() : Json(int64_t(p.page_from))},
                                     {"page_to", p.page_to == 0 ? Json() : Json(int64_t(p.page_to))},
                                     {"row", p.row_from == 0 ? Json() : Json(int64_t(p.row_from))},
                                     {"from", int64_t(p.char_from)}, {"to", int64_t(p.char_to)}, {"heading", p.heading},
                                     {"place", rag::place_of(p)}, {"date", date_text(p.mtime_ns)}, {"text", p.text}}));
  std::string out;
  append_json(out, Json(std::move(list)));
  return out;
}

std::optional<std::string> KnowledgeUse::get(Session& session, std::string_view key) const {
  if (key == "found") return std::string(found_ ? "1" : "0");
  if (key == "relevance") return message(relevance_.score);
  if (key == "question") return question_;
  if (key == "passages") return passages_json(given_);
  if (key != "citations") return std::nullopt;
  std::vector<rag::Passage> cited;
  for (const int n : rag::cited_numbers(session.get("answer")))
    if (const rag::Passage* passage = numbers_.find(n)) cited.push_back(*passage);
  return passages_json(cited.empty() && found_ ? given_ : cited);
}

}  // namespace hadal::api
