// hadal knowledge new|add|sync|list|remove|search|ask|text|info|check|reindex BASE: documents of your own.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "answer.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "knowledge_view.hpp"
#include "model_options.hpp"
#include "reply_printer.hpp"
#include "terminal.hpp"

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct Request {
  ModelOptions options;
  std::string base, embedder, reranker, folder, document, query, remember;
  std::vector<std::string> paths;
  int64_t forget = -1;
};

// Keys of the level "knowledge" go to the call they belong to, the rest to the runtime.
const std::vector<std::string> kFindKeys = {"mode", "limit", "per_document", "newest_first", "documents", "folder", "after", "before"};
const std::vector<std::string> kUseKeys = {"mode", "limit", "per_document", "newest_first", "documents", "folder", "after", "before",
                                           "context_share", "refuse", "whole", "compare", "rewrite"};
const std::vector<std::string> kSyncKeys = {"include", "exclude", "subfolders"};

std::string text_of(const ModelOptions& options, const std::vector<std::string>& keys, bool among) {
  std::string text;
  for (const auto& [key, value] : options.settings)
    if ((std::find(keys.begin(), keys.end(), key) != keys.end()) == among) text += option_text(key, value) + "; ";
  return text;
}

struct Opened {
  Runtime runtime;
  Model embedder, reranker;
  Knowledge base;
};

std::string base_get(hadal_knowledge* base, const char* key) {
  return text_out([&](char* buffer, size_t capacity, size_t* size) { return hadal_knowledge_get(base, key, buffer, capacity, size); });
}

std::string utf8_of(const fs::path& path) {
  const auto text = path.u8string();
  return {text.begin(), text.end()};
}

// A model's path means the same from every folder; a name in the Ollama store stays a name.
std::string absolute_if_there(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::u8path(path), error) ? utf8_of(fs::absolute(fs::u8path(path)).lexically_normal()) : path;
}

Model open_part(hadal_runtime* runtime, const Request& request, const std::string& path) {
  ModelOptions options = request.options;
  options.model = path;
  return open_model(runtime, options, "context=0");   // the context asked for is the answering model's
}

Runtime runtime_for(const Request& request, const std::vector<std::string>& own_keys) {
  ModelOptions rest = request.options;
  std::erase_if(rest.settings, [&](const auto& setting) {
    return std::find(own_keys.begin(), own_keys.end(), setting.first) != own_keys.end();
  });
  return make_runtime(rest);
}

// with_embedder: the model the base was made with is needed, if it was made with one.
Opened open_base(const Request& request, bool with_embedder, const std::vector<std::string>& own_keys = {}) {
  Opened out;
  hadal_knowledge* base = nullptr;
  check(hadal_knowledge_open(nullptr, request.base.c_str(), "create=off", &base));
  out.base.reset(base);
  out.runtime = runtime_for(request, own_keys);
  const std::string kept = base_get(base, "embedder");
  const std::string path = request.embedder.empty() ? kept : request.embedder;
  if (with_embedder && !path.empty()) {
    out.embedder = open_part(out.runtime.get(), request, path);
    check(hadal_knowledge_open(out.embedder.get(), request.base.c_str(), "create=off", &base));
    out.base.reset(base);
  }
  if (!request.reranker.empty()) {
    out.reranker = open_part(out.runtime.get(), request, request.reranker);
    check(hadal_knowledge_rerank(out.base.get(), out.reranker.get()));
  }
  return out;
}

struct IndexProgress {
  ProgressBar bar{"Indexing"};
};
int32_t HADAL_CALL show_index(void* context, const char* stage, double done) {
  static_cast<IndexProgress*>(context)->bar.show(utf8_of(fs::u8path(stage).filename()), done);
  return interrupt::asked() ? 1 : 0;
}

int make_new(const Request& request) {
  std::error_code error;
  if (fs::exists(fs::u8path(request.base), error)) throw Failure(fmt::format("{}: it is there already", request.base));
  const Runtime runtime = runtime_for(request, {});
  Model embedder;
  if (!request.embedder.empty()) embedder = open_part(runtime.get(), request, request.embedder);
  hadal_knowledge* base = nullptr;
  check(hadal_knowledge_open(embedder.get(), request.base.c_str(), "", &base));
  const Knowledge keep(base);
  check(hadal_knowledge_set(base, "embedder", request.embedder.empty() ? "" : absolute_if_there(request.embedder).c_str()));
  if (request.options.json)
    fmt::print("{}\n", Json{{"base", request.base}, {"dimension", embedder ? std::stoi(base_get(base, "dimension")) : 0}}.dump());
  else if (embedder)
    fmt::print("{}: a new knowledge base; vectors of {} numbers by {}\n", request.base, base_get(base, "dimension"), request.embedder);
  else
    fmt::print("{}: a new knowledge base, searched by words only (--embedder MODEL adds likeness)\n", request.base);
  return 0;
}

Json documents_of(hadal_knowledge* base) {
  return Json::parse(text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_knowledge_list(base, buffer, capacity, size);
  }));
}

int add(const Request& request) {
  const Opened opened = open_base(request, true);
  std::vector<int64_t> added;
  {
    IndexProgress progress;
    for (const std::string& path : request.paths) {
      std::error_code error;
      if (fs::is_directory(fs::u8path(path), error))
        throw Failure(fmt::format("{}: a folder; hadal knowledge sync {} {} takes it and follows it", path, request.base, path), kExitUsage);
      int64_t id = 0;
      const std::string whole = absolute_if_there(path);
      check(hadal_knowledge_add_file(opened.base.get(), whole.c_str(), show_index, &progress, &id));
      added.push_back(id);
    }
  }
  Json list = Json::array();
  for (const Json& d : documents_of(opened.base.get()))
    if (std::find(added.begin(), added.end(), d.value("document", int64_t{0})) != added.end()) list.push_back(d);
  if (request.options.json) fmt::print("{}\n", list.dump());
  else show_documents(list.dump());
  return 0;
}

int sync(const Request& request) {
  const Opened opened = open_base(request, true, kSyncKeys);
  char report[256] = "";
  {
    IndexProgress progress;
    check(hadal_knowledge_sync(opened.base.get(), request.folder.c_str(), text_of(request.options, kSyncKeys, true).c_str(),
                               show_index, &progress, report, sizeof report, nullptr));
  }
  if (request.options.json) {
    fmt::print("{}\n", report);
    return 0;
  }
  std::string line;
  const Json done = Json::parse(report);
  for (const auto& [what, count] : done.items())
    if (count != 0) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", int64_t(count), what);
  fmt::print("{}\n", line.empty() ? "the folder has no documents" : line);
  return 0;
}

int list(const Request& request) {
  const Opened opened = open_base(request, false);
  const std::string documents = documents_of(opened.base.get()).dump();
  if (request.options.json) fmt::print("{}\n", documents);
  else show_documents(documents);
  return 0;
}

int remove_document(const Request& request) {
  const Opened opened = open_base(request, false);
  const std::string whole = absolute_if_there(request.document);
  if (hadal_knowledge_remove(opened.base.get(), request.document.c_str()) < 0)
    check(hadal_knowledge_remove(opened.base.get(), whole.c_str()));
  if (!request.options.json) fmt::print("{} is removed\n", request.document);
  return 0;
}

int search(const Request& request) {
  const Opened opened = open_base(request, request.options.value_of("mode") != "text", kFindKeys);
  const std::string options = text_of(request.options, kFindKeys, true);
  const std::string hits = text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_knowledge_search(opened.base.get(), request.query.c_str(), -1, options.c_str(), buffer, capacity, size);
  });
  if (request.options.json) fmt::print("{}\n", hits);
  else show_hits(hits);
  return 0;
}

int ask(const Request& request) {
  const Opened opened = open_base(request, true, kUseKeys);
  const Model model = open_model(opened.runtime.get(), request.options);
  const Session session = make_session(model.get());
  check(hadal_session_use(session.get(), opened.base.get(), text_of(request.options, kUseKeys, true).c_str()));
  check(hadal_session_add(session.get(), "user", request.query.c_str(), -1));
  std::string answer;
  ReplyPrinter printer(terminal::is_output() ? Thoughts::dimmed : Thoughts::hidden);
  const hadal_usage usage = stream_answer(session.get(), [&](int32_t kind, std::string_view text) {
    if (kind == HADAL_ANSWER) answer += text;
    if (!request.options.json) printer.piece(kind, text);
  });
  const bool found = session_get(session.get(), "found") == "1";
  const std::string citations = session_get(session.get(), "citations");
  if (request.options.json) {
    Json out{{"text", answer}, {"found", found}, {"citations", Json::parse(citations)}};
    out["relevance"] = std::stod(session_get(session.get(), "relevance"));
    out["question"] = session_get(session.get(), "question");
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    printer.finish();
    show_sources(citations);
  }
  note(request.options, speed_line(usage));
  return interrupt::asked() ? kExitInterrupted : 0;
}

int text(const Request& request) {
  const Opened opened = open_base(request, false);
  const std::string content = text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_knowledge_text(opened.base.get(), request.document.c_str(), buffer, capacity, size);
  });
  std::fwrite(content.data(), 1, content.size(), stdout);
  return 0;
}

int info(const Request& request) {
  const Opened opened = open_base(request, false);
  hadal_knowledge* base = opened.base.get();
  if (!request.remember.empty()) check(hadal_knowledge_remember(base, request.remember.c_str(), -1, nullptr));
  if (request.forget >= 0) check(hadal_knowledge_forget(base, request.forget));
  Json out{{"base", request.base}};
  for (const char* key : {"documents", "pending", "failed", "chunks", "bytes"}) out[key] = std::stoll(base_get(base, key));
  for (const char* key : {"embedder", "dimension", "fingerprint"}) out[key] = base_get(base, key);
  out["facts"] = Json::parse(base_get(base, "facts"));
  if (request.options.json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  fmt::print("{} documents ({} being indexed, {} failed), {} chunks, {:.1f} MB\n", int64_t(out["documents"]), int64_t(out["pending"]),
             int64_t(out["failed"]), int64_t(out["chunks"]), double(out["bytes"]) / 1e6);
  if (out["fingerprint"] == "") fmt::print("searched by words only\n");
  else fmt::print("vectors of {} numbers by {}\n", std::string(out["dimension"]), std::string(out["embedder"]));
  for (const Json& fact : out["facts"]) fmt::print("fact {}: {}\n", int64_t(fact["fact"]), std::string(fact["text"]));
  return 0;
}

int check_base(const Request& request) {
  const Opened opened = open_base(request, false);
  const std::string report = text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_knowledge_check(opened.base.get(), buffer, capacity, size);
  });
  const Json found = Json::parse(report);
  if (request.options.json) fmt::print("{}\n", report);
  else if (found["ok"]) fmt::print("{}: whole\n", request.base);
  if (found["ok"]) return 0;
  if (request.options.json) return kExitFailed;
  std::string all;
  for (const Json& problem : found["problems"]) all += (all.empty() ? "" : "; ") + std::string(problem);
  throw Failure(fmt::format("{}: {}", request.base, all));
}

int reindex(const Request& request) {
  const Runtime runtime = runtime_for(request, {});
  const Model embedder = open_part(runtime.get(), request, request.embedder);
  hadal_knowledge* base = nullptr;
  check(hadal_knowledge_open(embedder.get(), request.base.c_str(), "create=off; reindex=on", &base));
  const Knowledge keep(base);
  check(hadal_knowledge_set(base, "embedder", absolute_if_there(request.embedder).c_str()));
  if (!request.options.json) fmt::print("{}: {} chunks, vectors of {} numbers\n", request.base, base_get(base, "chunks"), base_get(base, "dimension"));
  return 0;
}

}  // namespace

Run add_knowledge(CLI::App& app) {
  auto request = std::make_shared<Request>();
  auto run = std::make_shared<int (*)(const Request&)>(nullptr);
  app.require_subcommand(1);
  const auto command = [&](const char* name, const char* meaning, int (*body)(const Request&), const std::vector<std::string>& keys = {}) {
    CLI::App* sub = app.add_subcommand(name, meaning);
    sub->set_help_flag("-h,--help", "Say what there is");
    sub->add_option("BASE", request->base, "The knowledge base: one file")->required();
    sub->callback([run, body] { *run = body; });
    add_knowledge_flags(*sub, request->options, keys);
    return sub;
  };
  const auto embedder = [&](CLI::App* sub) {
    sub->add_option("--embedder", request->embedder, "The embedding model; kept in the base once it is made");
    return sub;
  };
  const auto finish = [&](CLI::App* sub) { add_flags(*sub, request->options); };

  finish(embedder(command("new", "Make an empty base", make_new)));
  CLI::App* adding = embedder(command("add", "Add files, or bring them up to date", add));
  adding->add_option("PATH", request->paths, "Documents")->required();
  finish(adding);
  CLI::App* syncing = embedder(command("sync", "Make the base hold what a folder holds", sync, kSyncKeys));
  syncing->add_option("FOLDER", request->folder, "The folder")->required();
  finish(syncing);
  finish(command("list", "The documents and what became of them", list));
  CLI::App* removing = command("remove", "Remove a document", remove_document);
  removing->add_option("DOCUMENT", request->document, "Its number, path or file name")->required();
  finish(removing);
  CLI::App* searching = embedder(command("search", "The passages that suit a query", search, kFindKeys));
  searching->add_option("QUERY", request->query, "What to look for")->required();
  searching->add_option("--reranker", request->reranker, "A cross-encoder that orders what was found");
  finish(searching);
  CLI::App* asking = embedder(command("ask", "An answer with its sources", ask, kUseKeys));
  asking->add_option("MODEL", request->options.model, "The model that answers")->required();
  asking->add_option("QUESTION", request->query, "The question")->required();
  asking->add_option("--reranker", request->reranker, "A cross-encoder that orders what was found");
  finish(asking);
  CLI::App* showing = command("text", "The extracted text of a document", text);
  showing->add_option("DOCUMENT", request->document, "Its number, path or file name")->required();
  finish(showing);
  CLI::App* telling = command("info", "What the base holds", info);
  telling->add_option("--remember", request->remember, "A fact about yourself for all questions");
  telling->add_option("--forget", request->forget, "The number of a fact to forget");
  finish(telling);
  finish(command("check", "Whether the file is whole", check_base));
  CLI::App* again = command("reindex", "Make all vectors anew with another embedding model", reindex);
  again->add_option("--embedder", request->embedder, "The embedding model")->required();
  finish(again);
  return [request, run] { return (*run)(*request); };
}
