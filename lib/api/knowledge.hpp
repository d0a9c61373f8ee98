// What a hadal_knowledge holds, and how a session uses one.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/handles.hpp"
#include "api/knowledge_options.hpp"
#include "rag/passages.hpp"

namespace hadal::api {

// One base, shared by its handle and the sessions that use it; each call claims it.
struct Knowledge {
  std::unique_ptr<rag::KnowledgeBase> base;
  std::unique_ptr<rag::Reranker> reranker;
  Occupancy occupancy;
  std::atomic<bool> cancelled = false;
  // The last search, so that asking for its size first computes once.
  std::string last_query, last_options, last_result;
  uint64_t last_version = 0;
  rag::Relevance last_relevance;
};

// The use a session makes of a base.
class KnowledgeUse {
 public:
  KnowledgeUse(std::shared_ptr<Knowledge> knowledge, KnowledgeOptions options);

  // A user message on its way to the session: searched for, put behind its passages and added; or answered at once
  // where nothing relevant was found.
  void add(Session& session, std::string_view question);

  // found, relevance, question, citations, passages. nullopt for another key.
  std::optional<std::string> get(Session& session, std::string_view key) const;
  void reset();

 private:
  std::string standalone(Session& session, std::string_view question) const;
  std::string rewritten(Session& session, std::string_view question) const;
  std::vector<rag::Passage> passages_for(Session& session, std::string_view query, int64_t budget);
  std::string passages_json(const std::vector<rag::Passage>& passages) const;

  std::shared_ptr<Knowledge> knowledge_;
  KnowledgeOptions options_;
  rag::PassageNumbers numbers_;
  std::vector<rag::Passage> given_;   // of the last question
  std::string question_;              // as searched for
  rag::Relevance relevance_;
  bool found_ = false;
};

}  // namespace hadal::api

struct hadal_knowledge {
  std::atomic<int32_t> references = 1;
  std::shared_ptr<hadal::api::Knowledge> knowledge;
};
