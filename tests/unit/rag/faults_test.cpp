// What may happen to a file on disk: killed processes, a full disk, two writers, readers, damage.
#include <doctest/doctest.h>

#if defined(HADAL_WITH_SQLITE)
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "core/status.hpp"
#include "rag/knowledge_base.hpp"
#include "rag/sqlite.hpp"
#include "unit/rag/base_dump.hpp"
#include "unit/rag/hashing_embedder.hpp"
#include "unit/rag/scratch_folder.hpp"

using namespace hadal;
using namespace hadal::rag;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

KnowledgeBase open(const std::string& path) {
  return KnowledgeBase(open_store(path, true), std::make_shared<HashingEmbedder>(), system_host());
}

// Some dozen files, one of them long.
void write_documents(const ScratchFolder& folder, int files = 24) {
  std::mt19937 random(1);
  for (int f = 0; f < files; ++f) {
    std::string text = "# File " + std::to_string(f) + "\n\n";
    for (int s = 0, n = f == 3 ? 1500 : 60; s < n; ++s)
      text += "Sentence " + std::to_string(random() % 1000) + " of file" + std::to_string(f) + " is here. ";
    folder.write("docs/f" + std::to_string(f) + ".md", text);
  }
}

// Runs body() in a process of its own; it ends with the number body gives.
template <class Body>
pid_t in_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    int code = 99;
    try {
      code = body();
    } catch (const Error& error) {
      code = 100 - int(error.status());
    } catch (...) {
    }
    _exit(code);
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr int code_of(Status status) { return 100 - int(status); }

const std::vector<std::string> kQueries = {"file3", "sentence 77"};

}  // namespace

TEST_CASE("a base whose indexer is killed at any moment opens, is whole, and goes on") {
  ScratchFolder folder;
  write_documents(folder);
  const std::string docs = folder.path("docs");
  const auto start = Clock::now();
  {
    KnowledgeBase fresh = open(folder.path("fresh"));
    fresh.sync(docs, {});
  }
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
  KnowledgeBase fresh = open(folder.path("fresh"));
  const std::string expected = dump(fresh, kQueries);
  const int moments = std::getenv("HADAL_TEST_LONG") ? 50 : 6;
  std::mt19937 random(9);
  int unfinished = 0;
  for (int m = 0; m < moments; ++m) {
    CAPTURE(m);
    const std::string path = folder.path("base" + std::to_string(m));
    const pid_t child = in_child([&] {
      KnowledgeBase base = open(path);
      base.sync(docs, {});
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(int64_t(random() % 1000) * whole / 1000));
    kill(child, SIGKILL);
    wait_for(child);
    KnowledgeBase base = open(path);
    CHECK(base.store().problems() == std::vector<std::string>{});
    const auto before = base.documents();
    const auto done = std::count_if(before.begin(), before.end(), [](const auto& r) { return r.status == DocumentStatus::done; });
    unfinished += done < 24;
    for (const SearchHit& hit : base.search("sentence", {})) CHECK(!hit.text.empty());
    base.sync(docs, {});
    CHECK(base.store().problems() == std::vector<std::string>{});
    CHECK((dump(base, kQueries) == expected));
  }
  CHECK(unfinished > moments / 4);   // the moments were not all too late
}

TEST_CASE("a full disk is told, and what was there is still there") {
  ScratchFolder folder;
  write_documents(folder);
  const std::string path = folder.path("base");
  {
    KnowledgeBase base = open(path);
    base.add_text("first", "The first document is about apples.", "");
  }
  const pid_t child = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200 * 1024, 200 * 1024};
    setrlimit(RLIMIT_FSIZE, &limit);
    KnowledgeBase base = open(path);
    base.sync(folder.path("docs"), {});
    return 0;
  });
  CHECK(wait_for(child) == code_of(Status::io));
  KnowledgeBase base = open(path);
  CHECK(base.store().problems() == std::vector<std::string>{});
  CHECK(base.search("apples", {}).at(0).path == "first");
  CHECK(base.sync(folder.path("docs"), {}).failed == 0);
  CHECK(base.documents().size() == 25);
}

TEST_CASE("two writers and a reader share a base") {
  ScratchFolder folder;
  write_documents(folder, 16);
  const std::string path = folder.path("base");
  open(path);   // made before anybody races for it
  const auto writer = [&] {
    KnowledgeBase base = open(path);
    base.sync(folder.path("docs"), {});
    return 0;
  };
  const pid_t first = in_child(writer), second = in_child(writer);
  KnowledgeBase reader = open(path);
  for (int i = 0; i < 20; ++i) {
    for (const SearchHit& hit : reader.search("sentence", {})) CHECK(hit.text.find("Sentence") != std::string::npos);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const int a = wait_for(first), b = wait_for(second);
  CHECK((a == 0 || a == code_of(Status::busy)));
  CHECK((b == 0 || b == code_of(Status::busy)));
  reader.sync(folder.path("docs"), {});
  CHECK(reader.documents().size() == 16);
  for (const DocumentRecord& r : reader.documents()) CHECK(r.status == DocumentStatus::done);
  CHECK(reader.store().problems() == std::vector<std::string>{});
  KnowledgeBase fresh = open(folder.path("fresh"));
  fresh.sync(folder.path("docs"), {});
  CHECK((dump(reader, kQueries) == dump(fresh, kQueries)));
}

TEST_CASE("damage anywhere is a status and a sentence") {
  ScratchFolder folder;
  write_documents(folder, 6);
  const std::string path = folder.path("base");
  {
    KnowledgeBase base = open(path);
    base.sync(folder.path("docs"), {});
  }
  std::string bytes;
  {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::mt19937 random(4);
  int noticed = 0;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    std::string damaged = bytes;
    if (round < 5) damaged.resize(round == 0 ? 50 : bytes.size() * size_t(round) / 6);
    else
      for (int hit = 0; hit < 40; ++hit) damaged[round < 12 ? random() % 200 : random() % damaged.size()] = char(random());
    const std::string broken = folder.write("broken" + std::to_string(round), damaged);
    try {
      KnowledgeBase base = open(broken);
      for (const DocumentRecord& r : base.documents()) base.text(r.id);
      base.search("sentence file3", {});
      noticed += !base.store().problems().empty();
      base.add_text("new", "Something new.", "");
    } catch (const Error& error) {
      ++noticed;
      CHECK(std::string(error.what()).size() > 20);
      CHECK((error.status() == Status::corrupt || error.status() == Status::io || error.status() == Status::unsupported ||
             error.status() == Status::out_of_memory || error.status() == Status::internal || error.status() == Status::invalid_argument));
    }
  }
  CHECK(noticed > 30);
}

TEST_CASE("files that are no bases are told apart") {
  ScratchFolder folder;
  const auto status_of = [&](const std::string& path, bool create = false) {
    try {
      open_store(path, create);
      return Status::ok;
    } catch (const Error& error) {
      return error.status();
    }
  };
  CHECK(status_of(folder.path("absent")) == Status::not_found);
  CHECK(status_of(folder.write("text", std::string(5000, 'x')), true) == Status::corrupt);
  {
    Database other(folder.path("other"), true);
    other.execute("CREATE TABLE t(x)");
  }
  CHECK(status_of(folder.path("other"), true) == Status::corrupt);
  open(folder.path("newer"));
  {
    Database newer(folder.path("newer"), false);
    newer.execute("PRAGMA user_version = 999");
  }
  CHECK(status_of(folder.path("newer")) == Status::unsupported);
  CHECK(status_of(folder.path("no/such/folder/base"), true) == Status::io);
}

TEST_CASE("a chunk that says it is of a document nobody knows is no hit") {
  ScratchFolder folder;
  const std::string path = folder.path("base");
  open(path).add_text("first", "The first document is about apples.", "");
  {
    Database raw(path, false);
    raw.execute("UPDATE chunk SET document = 999");   // codes still name the document
  }
  SearchSettings settings;
  settings.mode = SearchMode::vector;
  KnowledgeBase base = open(path);
  CHECK(base.search("apples", settings).empty());
  CHECK(!base.store().problems().empty());
}

TEST_CASE("a base of many chunks opens in a moment") {
  ScratchFolder folder;
  const std::string path = folder.path("base");
  {
    KnowledgeBase base = open(path);
    std::string text;
    for (int i = 0; i < 60000; ++i) text += "Sentence number " + std::to_string(i) + " stands here for its place. ";
    base.add_text("long", text, "");
  }
  auto best = std::chrono::milliseconds(1000);
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    KnowledgeBase base = open(path);
    best = std::min(best, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start));
  }
  CHECK(best.count() < 50);
}
#endif
