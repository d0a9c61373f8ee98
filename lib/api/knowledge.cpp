// hadal_knowledge_* and hadal_session_use.
#include "api/knowledge.hpp"
#include "api/vectors.hpp"
#include "generate/json_text.hpp"

using namespace hadal;
using namespace hadal::api;

namespace {

// Runs body(base, knowledge) with the base claimed.
template <class Body>
hadal_status with_knowledge(hadal_knowledge* handle, Body&& body) noexcept {
  return guard([&]() -> hadal_status {
    required(handle, "knowledge");
    const Kept kept(handle);
    const std::shared_ptr<Knowledge> knowledge = handle->knowledge;
    const Claim claim(knowledge->occupancy, "knowledge base");
    return body(*knowledge->base, *knowledge);
  });
}

// Progress to the caller, never falling; false once somebody wants to stop.
class IndexReport {
 public:
  IndexReport(Knowledge& knowledge, hadal_progress progress, void* context)
      : knowledge_(knowledge), progress_(progress), context_(context) {
    knowledge_.cancelled = false;
  }
  bool operator()(const rag::IndexStep& step) {
    if (knowledge_.cancelled) return false;
    if (!progress_) return true;
    const double part = step.of_chunks > 0 ? double(step.chunks) / double(step.of_chunks) : 0;
    const double done = step.of_documents > 0 ? (double(step.documents) + part) / double(step.of_documents) : part;
    done_ = std::max(done_, std::min(done, 1.0));
    return progress_(context_, std::string(step.path).c_str(), done_) == 0;
  }

 private:
  Knowledge& knowledge_;
  hadal_progress progress_;
  void* context_;
  double done_ = 0;
};

std::shared_ptr<rag::Embedder> embedder_of(hadal_model* model) {
  if (!model) return nullptr;
  return make_embedder(model->model);
}

template <class Text>
hadal_status open(hadal_model* embedder, Text path, Text options, hadal_knowledge** out) noexcept {
  return guard([&]() -> hadal_status {
    required(out, "out");
    const KnowledgeOptions wanted(optional_text(options), kOpenCall);
    auto handle = std::make_unique<hadal_knowledge>();
    handle->knowledge = std::make_shared<Knowledge>();
    const std::shared_ptr<Host> host = embedder ? embedder->model->host() : system_host();
    handle->knowledge->base = std::make_unique<rag::KnowledgeBase>(
        rag::open_store(std::string(optional_text(path)), wanted.boolean("create")), nullptr, host);
    if (embedder) {
      if (wanted.boolean("reindex")) handle->knowledge->base->reindex_with(embedder_of(embedder));
      else handle->knowledge->base->attach(embedder_of(embedder));
    }
    *out = handle.release();
    return HADAL_OK;
  });
}

template <class Text>
hadal_status add_file(hadal_knowledge* handle, Text path, hadal_progress progress, void* context, int64_t* document) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge& knowledge) -> hadal_status {
    IndexReport report(knowledge, progress, context);
    const int64_t id = base.add_file(std::string(text_in(path, -1, "path")), report);
    if (document) *document = id;
    return HADAL_OK;
  });
}

template <class Text>
hadal_status add_text(hadal_knowledge* handle, Text name, Text text, int64_t text_size, hadal_progress progress, void* context,
                      int64_t* document) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge& knowledge) -> hadal_status {
    IndexReport report(knowledge, progress, context);
    const std::string named(text_in(name, -1, "name"));
    if (named.empty()) throw Error(Status::invalid_argument, "name: expected one for the text, found nothing");
    const std::string given = checked_text(text_in(text, text_size, "text"), false, "text");
    const int64_t id = base.add_text(named, given, "", report);
    if (document) *document = id;
    return HADAL_OK;
  });
}

template <class Unit>
hadal_status sync(hadal_knowledge* handle, const Unit* folder, const Unit* options, hadal_progress progress, void* context,
                  Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge& knowledge) -> hadal_status {
    check_buffer(buffer, capacity);
    const KnowledgeOptions wanted(optional_text(options), kSyncCall);
    rag::SyncSettings settings;
    settings.include = wanted.get("include"), settings.exclude = wanted.get("exclude");
    settings.subfolders = wanted.boolean("subfolders");
    IndexReport report(knowledge, progress, context);
    const rag::SyncReport done = base.sync(std::string(text_in(folder, -1, "folder")), settings, report);
    std::string text;
    append_json(text, Json(Json::Object{{"added", done.added}, {"changed", done.changed}, {"moved", done.moved},
                                        {"removed", done.removed}, {"unchanged", done.unchanged}, {"failed", done.failed}}));
    return text_out(text, buffer, capacity, size);
  });
}

template <class Text>
hadal_status remove_document(hadal_knowledge* handle, Text document) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    base.remove(base.find(text_in(document, -1, "document")).id);
    return HADAL_OK;
  });
}

std::string list_json(rag::KnowledgeBase& base) {
  Json::Array list;
  for (const rag::DocumentRecord& r : base.documents())
    list.push_back(Json(Json::Object{{"document", r.id}, {"path", r.path}, {"status", std::string(name_of(r.status))},
                                     {"reason", r.reason}, {"chunks", r.chunks}, {"title", r.title}, {"source", r.source},
                                     {"bytes", r.bytes}, {"pages", r.pages}, {"date", date_text(r.mtime_ns)}}));
  std::string out;
  append_json(out, Json(std::move(list)));
  return out;
}

template <class Unit>
hadal_status list(hadal_knowledge* handle, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    return text_out(list_json(base), buffer, capacity, size);
  });
}

Json place(uint32_t number) { return number == 0 ? Json() : Json(int64_t(number)); }

Json how_found(int rank, double score) {
  return rank == 0 ? Json() : Json(Json::Object{{"rank", int64_t(rank)}, {"score", score}});
}

std::string hits_json(const std::vector<rag::SearchHit>& hits, bool reranked) {
  Json::Array list;
  for (const rag::SearchHit& h : hits) {
    Json::Object hit{{"document", h.chunk.document}, {"path", h.path}, {"page", place(h.chunk.page_from)},
                     {"from", int64_t(h.chunk.char_from)}, {"to", int64_t(h.chunk.char_to)}, {"heading", h.chunk.heading},
                     {"score", h.score}, {"text", h.text}, {"title", h.title}, {"page_to", place(h.chunk.page_to)},
                     {"row", place(h.chunk.row_from)}, {"row_to", place(h.chunk.row_to)}, {"date", date_text(h.mtime_ns)},
                     {"vector", how_found(h.dense_rank, h.dense_score)}, {"words", how_found(h.lexical_rank, h.lexical_score)}};
    if (reranked) hit.emplace_back("rerank", h.rerank_score);
    list.push_back(Json(std::move(hit)));
  }
  std::string out;
  append_json(out, Json(std::move(list)));
  return out;
}

template <class Unit>
hadal_status search(hadal_knowledge* handle, const Unit* query, int64_t query_size, const Unit* options, Unit* buffer,
                    size_t capacity, size_t* size) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge& knowledge) -> hadal_status {
    check_buffer(buffer, capacity);
    const std::string text(text_in(query, query_size, "query")), wanted(optional_text(options));
    const KnowledgeOptions parsed(wanted, kSearchCall);
    const std::string checked = checked_text(text, false, "query");
    const uint64_t version = base.store().version();
    if (knowledge.last_result.empty() || knowledge.last_version != version || knowledge.last_query != text || knowledge.last_options != wanted) {
      const std::vector<rag::SearchHit> hits = base.search(checked, parsed.search(), knowledge.reranker.get());
      knowledge.last_relevance = base.relevance(checked, hits);
      knowledge.last_result = hits_json(hits, knowledge.reranker != nullptr);
      knowledge.last_version = version, knowledge.last_query = text, knowledge.last_options = wanted;
    }
    return text_out(knowledge.last_result, buffer, capacity, size);
  });
}

template <class Unit>
hadal_status text(hadal_knowledge* handle, const Unit* document, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    return text_out(base.text(base.find(text_in(document, -1, "document")).id), buffer, capacity, size);
  });
}

template <class Unit>
hadal_status check(hadal_knowledge* handle, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    Json::Array problems;
    for (std::string& problem : base.store().problems()) problems.push_back(Json(std::move(problem)));
    std::string out;
    const bool ok = problems.empty();
    append_json(out, Json(Json::Object{{"ok", ok}, {"problems", Json(std::move(problems))}}));
    return text_out(out, buffer, capacity, size);
  });
}

// What a user may set, kept apart from what the library keeps under its own names.
constexpr std::string_view kUserKeys[] = {"name", "embedder", "note"};

std::string fact_list(rag::Store& store) {
  Json::Array list;
  for (rag::Store::Fact& fact : store.facts()) list.push_back(Json(Json::Object{{"fact", fact.id}, {"text", std::move(fact.text)}}));
  std::string out;
  append_json(out, Json(std::move(list)));
  return out;
}

std::string get(const Knowledge& knowledge, std::string_view key) {
  rag::KnowledgeBase& base = *knowledge.base;
  rag::Store& store = base.store();
  const auto count = [&](std::optional<rag::DocumentStatus> status) {
    int64_t n = 0;
    for (const rag::DocumentRecord& r : base.documents()) n += !status || r.status == *status;
    return message(n);
  };
  if (key == "documents") return count(std::nullopt);
  if (key == "pending") return count(rag::DocumentStatus::pending);
  if (key == "failed") return count(rag::DocumentStatus::failed);
  if (key == "chunks") return message(store.num_chunks());
  if (key == "bytes") return message(store.bytes());
  if (key == "dimension" || key == "fingerprint") return store.meta(key);
  if (key == "facts") return fact_list(store);
  if (key == "relevance") {
    const rag::Relevance& r = knowledge.last_relevance;
    std::string out;
    append_json(out, Json(Json::Object{{"score", r.score}, {"cosine", r.cosine}, {"coverage", r.coverage},
                                       {"found", r.score >= kLeastRelevance}}));
    return out;
  }
  if (key == "version") return message(store.version());
  for (const std::string_view own : kUserKeys)
    if (own == key) return store.meta(message("user.", key));
  throw Error(Status::not_found, message("key ", quoted(key), ": expected documents, pending, failed, chunks, bytes, dimension, "
                                         "fingerprint, facts, relevance, version, name, embedder or note"));
}

template <class Text>
hadal_status set(hadal_knowledge* handle, Text key, Text value) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    const std::string name(text_in(key, -1, "key")), given(text_in(value, -1, "value"));
    if (std::find(std::begin(kUserKeys), std::end(kUserKeys), name) == std::end(kUserKeys))
      throw Error(Status::not_found, message("key ", quoted(name), ": expected name, embedder or note"));
    rag::change(base.store(), [&] { base.store().set_meta("user." + name, checked_text(given, false, "value")); });
    return HADAL_OK;
  });
}

template <class Text>
hadal_status remember_fact(hadal_knowledge* handle, Text text, int64_t text_size, int64_t* fact) noexcept {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    const std::string given = checked_text(text_in(text, text_size, "text"), false, "text");
    if (given.empty()) throw Error(Status::invalid_argument, "text: expected a fact, found nothing");
    const int64_t id = rag::change(base.store(), [&] { return base.store().add_fact(given); });
    if (fact) *fact = id;
    return HADAL_OK;
  });
}

template <class Text>
hadal_status use(hadal_session* handle, hadal_knowledge* knowledge, Text options) noexcept {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    if (!knowledge) {
      self.use.reset();
      return HADAL_OK;
    }
    KnowledgeOptions wanted(optional_text(options), kUseCall);
    session.model()->prompts();   // refuses where there is no template to put passages into
    self.use = std::make_shared<KnowledgeUse>(knowledge->knowledge, std::move(wanted));
    return HADAL_OK;
  });
}

}  // namespace

hadal_status hadal_knowledge_open(hadal_model* embedder, const char* path, const char* options, hadal_knowledge** out) {
  return open(embedder, path, options, out);
}
hadal_status hadal_knowledge_open16(hadal_model* embedder, const uint16_t* path, const uint16_t* options, hadal_knowledge** out) {
  return open(embedder, path, options, out);
}
hadal_status hadal_knowledge_add_file(hadal_knowledge* knowledge, const char* path, hadal_progress progress, void* context,
                                      int64_t* document) {
  return add_file(knowledge, path, progress, context, document);
}
hadal_status hadal_knowledge_add_file16(hadal_knowledge* knowledge, const uint16_t* path, hadal_progress progress, void* context,
                                        int64_t* document) {
  return add_file(knowledge, path, progress, context, document);
}
hadal_status hadal_knowledge_add_text(hadal_knowledge* knowledge, const char* name, const char* given, int64_t text_size,
                                      hadal_progress progress, void* context, int64_t* document) {
  return add_text(knowledge, name, given, text_size, progress, context, document);
}
hadal_status hadal_knowledge_add_text16(hadal_knowledge* knowledge, const uint16_t* name, const uint16_t* given, int64_t text_size,
                                        hadal_progress progress, void* context, int64_t* document) {
  return add_text(knowledge, name, given, text_size, progress, context, document);
}
hadal_status hadal_knowledge_sync(hadal_knowledge* knowledge, const char* folder, const char* options, hadal_progress progress,
                                  void* context, char* report, size_t capacity, size_t* size) {
  return sync(knowledge, folder, options, progress, context, report, capacity, size);
}
hadal_status hadal_knowledge_sync16(hadal_knowledge* knowledge, const uint16_t* folder, const uint16_t* options,
                                    hadal_progress progress, void* context, uint16_t* report, size_t capacity, size_t* size) {
  return sync(knowledge, folder, options, progress, context, report, capacity, size);
}
hadal_status hadal_knowledge_remove(hadal_knowledge* knowledge, const char* document) { return remove_document(knowledge, document); }
hadal_status hadal_knowledge_remove16(hadal_knowledge* knowledge, const uint16_t* document) { return remove_document(knowledge, document); }
hadal_status hadal_knowledge_list(hadal_knowledge* knowledge, char* buffer, size_t capacity, size_t* size) {
  return list(knowledge, buffer, capacity, size);
}
hadal_status hadal_knowledge_list16(hadal_knowledge* knowledge, uint16_t* buffer, size_t capacity, size_t* size) {
  return list(knowledge, buffer, capacity, size);
}
hadal_status hadal_knowledge_search(hadal_knowledge* knowledge, const char* query, int64_t query_size, const char* options,
                                    char* buffer, size_t capacity, size_t* size) {
  return search(knowledge, query, query_size, options, buffer, capacity, size);
}
hadal_status hadal_knowledge_search16(hadal_knowledge* knowledge, const uint16_t* query, int64_t query_size,
                                      const uint16_t* options, uint16_t* buffer, size_t capacity, size_t* size) {
  return search(knowledge, query, query_size, options, buffer, capacity, size);
}
hadal_status hadal_knowledge_text(hadal_knowledge* knowledge, const char* document, char* buffer, size_t capacity, size_t* size) {
  return text(knowledge, document, buffer, capacity, size);
}
hadal_status hadal_knowledge_text16(hadal_knowledge* knowledge, const uint16_t* document, uint16_t* buffer, size_t capacity,
                                    size_t* size) {
  return text(knowledge, document, buffer, capacity, size);
}
hadal_status hadal_knowledge_check(hadal_knowledge* knowledge, char* buffer, size_t capacity, size_t* size) {
  return check(knowledge, buffer, capacity, size);
}
hadal_status hadal_knowledge_check16(hadal_knowledge* knowledge, uint16_t* buffer, size_t capacity, size_t* size) {
  return check(knowledge, buffer, capacity, size);
}

hadal_status hadal_knowledge_rerank(hadal_knowledge* handle, hadal_model* reranker) {
  return with_knowledge(handle, [&](rag::KnowledgeBase&, Knowledge& knowledge) -> hadal_status {
    knowledge.reranker = reranker ? make_reranker(reranker->model) : nullptr;
    knowledge.last_result.clear();
    return HADAL_OK;
  });
}

hadal_status hadal_knowledge_remember(hadal_knowledge* knowledge, const char* given, int64_t text_size, int64_t* fact) {
  return remember_fact(knowledge, given, text_size, fact);
}
hadal_status hadal_knowledge_remember16(hadal_knowledge* knowledge, const uint16_t* given, int64_t text_size, int64_t* fact) {
  return remember_fact(knowledge, given, text_size, fact);
}
hadal_status hadal_knowledge_forget(hadal_knowledge* handle, int64_t fact) {
  return with_knowledge(handle, [&](rag::KnowledgeBase& base, Knowledge&) -> hadal_status {
    if (!rag::change(base.store(), [&] { return base.store().remove_fact(fact); }))
      throw Error(Status::not_found, message("fact ", fact, ": there is none of that number"));
    base.store().wipe();
    return HADAL_OK;
  });
}

hadal_status hadal_knowledge_get(hadal_knowledge* knowledge, const char* key, char* buffer, size_t capacity, size_t* size) {
  return with_knowledge(knowledge, [&](rag::KnowledgeBase&, Knowledge& base) -> hadal_status {
    return text_out(get(base, text_in(key, -1, "key")), buffer, capacity, size);
  });
}
hadal_status hadal_knowledge_get16(hadal_knowledge* knowledge, const uint16_t* key, uint16_t* buffer, size_t capacity,
                                   size_t* size) {
  return with_knowledge(knowledge, [&](rag::KnowledgeBase&, Knowledge& base) -> hadal_status {
    return text_out(get(base, text_in(key, -1, "key")), buffer, capacity, size);
  });
}
hadal_status hadal_knowledge_set(hadal_knowledge* knowledge, const char* key, const char* value) {
  return set(knowledge, key, value);
}
hadal_status hadal_knowledge_set16(hadal_knowledge* knowledge, const uint16_t* key, const uint16_t* value) {
  return set(knowledge, key, value);
}

hadal_status hadal_knowledge_cancel(hadal_knowledge* handle) {
  if (!handle) return remember(Status::invalid_argument, "knowledge: expected a pointer, found NULL");
  handle->knowledge->cancelled = true;
  return HADAL_OK;
}

hadal_knowledge* hadal_knowledge_retain(hadal_knowledge* knowledge) { return retain(knowledge); }
void hadal_knowledge_release(hadal_knowledge* knowledge) { release(knowledge); }

hadal_status hadal_session_use(hadal_session* session, hadal_knowledge* knowledge, const char* options) {
  return use(session, knowledge, options);
}
hadal_status hadal_session_use16(hadal_session* session, hadal_knowledge* knowledge, const uint16_t* options) {
  return use(session, knowledge, options);
}
