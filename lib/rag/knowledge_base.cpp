#include "rag/knowledge_base.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::rag {

KnowledgeBase::KnowledgeBase(std::unique_ptr<Store> store, std::shared_ptr<Embedder> embedder, std::shared_ptr<Host> host)
    : store_(std::move(store)), host_(std::move(host)) {
  attach(std::move(embedder));
}

void KnowledgeBase::attach(std::shared_ptr<Embedder> embedder) {
  knows_chinese_.reset();
  std::swap(embedder_, embedder);
  try {
    check_fingerprint();
  } catch (...) {
    std::swap(embedder_, embedder);
    throw;
  }
}

// Vectors of two models mean nothing to each other, even of the same dimension.
void KnowledgeBase::check_fingerprint() {
  if (!embedder_) return;
  const std::string made_with = store_->meta("fingerprint"), now = embedder_->fingerprint();
  if (made_with == now) return;
  if (!made_with.empty() || store_->num_chunks() > 0)
    throw Error(Status::unsupported,
                message("knowledge base: expected the embedding model it was made with (", made_with.empty() ? "none" : made_with,
                        "), found ", now, "; open it with that model, or index it anew with this one (reindex=on)"));
  change(*store_, [&] {
    store_->set_meta("fingerprint", now);
    store_->set_meta("dimension", message(embedder_->dimension()));
  });
}

std::vector<DocumentRecord> KnowledgeBase::documents() {
  std::vector<DocumentRecord> out = store_->documents();
  for (const DocumentRecord& version : std::vector<DocumentRecord>(out))
    if (version.replaces != 0)
      for (DocumentRecord& document : out)
        if (document.id == version.replaces) document.status = DocumentStatus::pending;
  std::erase_if(out, [](const DocumentRecord& r) { return r.replaces != 0; });
  return out;
}

DocumentRecord KnowledgeBase::find(std::string_view document) {
  const std::vector<DocumentRecord> all = documents();
  std::vector<const DocumentRecord*> named;
  for (const DocumentRecord& r : all) {
    if (message(r.id) == document || r.path == document) return r;
    const size_t slash = r.path.find_last_of("/\\");
    if (slash != std::string::npos && std::string_view(r.path).substr(slash + 1) == document) named.push_back(&r);
  }
  if (named.size() == 1) return *named[0];
  throw Error(Status::not_found, message("document ", quoted(document), ": expected the number, path or file name of one of ",
                                         all.size(), " documents, found ", named.empty() ? "none" : "several of that name"));
}

std::optional<DocumentRecord> KnowledgeBase::find_path(std::string_view path) {
  for (DocumentRecord& r : store_->documents_at(path))
    if (r.replaces == 0) return std::move(r);
  return std::nullopt;
}

void KnowledgeBase::remove(int64_t document) {
  change(*store_, [&] {
    if (!store_->document(document))
      throw Error(Status::not_found, message("document ", document, ": there is none of that number"));
    for (const DocumentRecord& r : store_->documents())
      if (r.id == document || r.replaces == document) store_->remove_document(r.id);
    store_->set_meta("unwiped", "1");
  });
  wipe_if_needed();
}

// What was removed is taken off the disk at the end of a call, once for all of them; if the process ends before, the
// next call that changes something does it.
void KnowledgeBase::wipe_if_needed() {
  if (store_->meta("unwiped") != "1") return;
  store_->wipe();
  change(*store_, [&] { store_->set_meta("unwiped", "0"); });
}

const KnowledgeBase::View& KnowledgeBase::view(bool vectors) {
  const uint64_t version = store_->version();
  if (view_.version != version || view_.documents.empty()) {
    view_ = View{};
    for (DocumentRecord& r : store_->documents())
      if (r.status == DocumentStatus::done && r.replaces == 0) view_.documents.emplace(r.id, std::move(r));
    view_.version = version;
  }
  if (vectors && !view_.rows) {
    const size_t dimension = size_t(embedder_->dimension());
    Int8Rows rows(dimension);
    rows.reserve(size_t(std::max<int64_t>(0, store_->num_chunks())));
    store_->each_vector([&](const Store::Codes& codes) {
      if (codes.codes.size() != dimension)
        throw Error(Status::corrupt, message("knowledge base: expected vectors of ", dimension, " numbers, found one of ",
                                             codes.codes.size()));
      if (!view_.documents.contains(codes.document)) return;
      rows.add(codes.scale, codes.codes);
      view_.chunk_of_row.push_back(codes.chunk);
      view_.document_of_row.push_back(codes.document);
    });
    view_.rows.emplace(std::move(rows));
  }
  return view_;
}

}  // namespace hadal::rag
