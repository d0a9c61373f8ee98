#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "core/status.hpp"
#include "rag/knowledge_base.hpp"
#include "unit/rag/base_dump.hpp"
#include "unit/rag/hashing_embedder.hpp"
#include "unit/rag/scratch_folder.hpp"

using namespace hadal;
using namespace hadal::rag;
namespace fs = std::filesystem;

namespace {

std::string file_base(const ScratchFolder& folder, std::string_view name) {
#if defined(HADAL_WITH_SQLITE)
  return folder.path(name);
#else
  (void)folder, (void)name;
  return "";
#endif
}

std::string words(std::mt19937& random, int count) {
  static const char* const kWords[] = {"pump", "valve", "oil", "pressure", "合同", "违约", "clause", "3.2.1", "garden", "river"};
  std::string out = "# Title " + std::to_string(random() % 5) + "\n\n";
  for (int i = 0; i < count; ++i) out += std::string(kWords[random() % 10]) + (random() % 9 == 0 ? ".\n\n" : " ");
  return out;
}

// Bytes of every file of a base: the base itself and its log.
std::string bytes_of(const std::string& path) {
  std::string all;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::ifstream file(path + suffix, std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  return all;
}

}  // namespace

TEST_CASE("after any changes to a folder the base is what a fresh one would be") {
  ScratchFolder folder;
  const std::string docs = folder.path("docs");
  fs::create_directories(docs + "/sub");
  const auto embedder = std::make_shared<HashingEmbedder>();
  KnowledgeBase base(open_store(file_base(folder, "base"), true), embedder, system_host());
  std::mt19937 random(5);
  std::vector<std::string> there;
  int next = 0;
  const std::vector<std::string> queries = {"pump oil", "违约", "3.2.1", "river garden clause"};
  for (int round = 0; round < 12; ++round) {
    CAPTURE(round);
    for (int change = 0; change < 4; ++change) {
      const auto kind = random() % 4;
      const size_t which = there.empty() ? 0 : random() % there.size();
      if (kind == 0 || there.empty()) {
        there.push_back(std::string(random() % 2 ? "docs/sub/" : "docs/") + "f" + std::to_string(next++) + ".md");
        folder.write(there.back(), words(random, 20 + int(random() % 400)));
      } else if (kind == 1) {
        folder.write(there[which], words(random, 20 + int(random() % 400)));
      } else if (kind == 2) {
        const std::string moved = "docs/sub/m" + std::to_string(next++) + ".md";
        fs::rename(folder.path(there[which]), folder.path(moved));
        there[which] = moved;
      } else {
        fs::remove(folder.path(there[which]));
        there.erase(there.begin() + ptrdiff_t(which));
      }
    }
    base.sync(docs, {});
    KnowledgeBase fresh(open_store(file_base(folder, "fresh" + std::to_string(round)), true), std::make_shared<HashingEmbedder>(),
                        system_host());
    fresh.sync(docs, {});
    REQUIRE(dump(base, queries) == dump(fresh, queries));
    REQUIRE(base.store().problems() == std::vector<std::string>{});
    const SyncReport again = base.sync(docs + "/", {});
    CHECK(again.unchanged == int64_t(there.size()));
    CHECK(again.added + again.changed + again.moved + again.removed + again.failed == 0);
  }
}

TEST_CASE("a moved file keeps its vectors, and nothing that came another way is removed") {
  ScratchFolder folder;
  folder.write("docs/one.md", "# Report\n\nThe river rose by two metres.");
  folder.write("docs/two.md", "# Other\n\nNothing happened.");
  folder.write("elsewhere/three.md", "# Third\n\nAdded by hand.");
  const auto embedder = std::make_shared<HashingEmbedder>();
  KnowledgeBase base(open_store(file_base(folder, "base"), true), embedder, system_host());
  base.add_file(folder.path("elsewhere/three.md"));
  base.add_text("note", "A note in memory.", "");
  base.sync(folder.path("docs"), {});
  const int before = embedder->embedded;
  const int64_t id = base.find("one.md").id;
  fs::create_directories(folder.path("docs/deep"));
  fs::rename(folder.path("docs/one.md"), folder.path("docs/deep/renamed.md"));
  fs::remove(folder.path("docs/two.md"));
  fs::remove(folder.path("elsewhere/three.md"));
  const SyncReport report = base.sync(folder.path("docs"), {});
  CHECK(report.moved == 1);
  CHECK(report.removed == 1);
  CHECK(embedder->embedded == before);
  CHECK(base.find("renamed.md").id == id);
  CHECK(base.documents().size() == 3);
  CHECK(base.find("three.md").status == DocumentStatus::done);
}

TEST_CASE("patterns choose files; what cannot be read is listed with its reason") {
  ScratchFolder folder;
  folder.write("docs/a.md", "# A\n\nText.");
  folder.write("docs/drafts/b.md", "# B\n\nText.");
  folder.write("docs/c.png", "\x89PNG\r\n\x1a\n and no more");
  folder.write("docs/broken.pdf", "%PDF-1.4\nnothing more");
  folder.write("docs/.hidden.md", "# H\n\nText.");
  KnowledgeBase base(open_store("", true), std::make_shared<HashingEmbedder>(), system_host());
  SyncSettings settings;
  settings.include = "*.md *.pdf";   // also where this build cannot read one of them
  settings.exclude = "drafts/*";
  SyncReport report = base.sync(folder.path("docs"), settings);
  CHECK(report.added == 1);
  CHECK(base.find("a.md").status == DocumentStatus::done);
  const DocumentRecord broken = base.find("broken.pdf");
  CHECK(broken.status == DocumentStatus::failed);
  CHECK(!broken.reason.empty());
  settings.exclude.clear();
  settings.include = "*.md";
  report = base.sync(folder.path("docs"), settings);
  CHECK(report.added == 1);
  CHECK(base.find("b.md").status == DocumentStatus::done);
  settings.subfolders = false;
  report = base.sync(folder.path("docs"), settings);
  CHECK(report.removed >= 1);
  CHECK_THROWS_AS(base.sync(folder.path("no such folder"), {}), Error);
}

namespace {

// The system's files, but those whose name has `locked` in it cannot be opened.
class LockingHost final : public Host {
 public:
  std::string locked;
  void* allocate(size_t size, size_t alignment) override { return system_->allocate(size, alignment); }
  void free(void* block, size_t size, size_t alignment) noexcept override { system_->free(block, size, alignment); }
  std::unique_ptr<File> open(const std::string& path) override {
    if (!locked.empty() && path.find(locked) != std::string::npos)
      throw Error(Status::io, path + ": permission denied");
    return system_->open(path);
  }
  int64_t now_ns() override { return system_->now_ns(); }
  void log(LogLevel level, std::string_view text) override { system_->log(level, text); }

 private:
  std::shared_ptr<Host> system_ = system_host();
};

}  // namespace

TEST_CASE("a file that could not be opened is tried again at the next sync") {
  ScratchFolder folder;
  folder.write("docs/a.md", "# A\n\nText.");
  folder.write("docs/b.md", "# B\n\nText.");
  const auto host = std::make_shared<LockingHost>();
  KnowledgeBase base(open_store("", true), std::make_shared<HashingEmbedder>(), host);
  host->locked = "b.md";
  CHECK(base.sync(folder.path("docs"), {}).failed == 1);
  CHECK(base.find("b.md").status == DocumentStatus::failed);
  CHECK(base.sync(folder.path("docs"), {}).failed == 1);
  host->locked.clear();
  CHECK(base.sync(folder.path("docs"), {}).changed == 1);
  CHECK(base.find("b.md").status == DocumentStatus::done);
}

TEST_CASE("a folder that cannot be listed to its end removes nothing") {
  ScratchFolder folder;
  folder.write("docs/a.md", "# A\n\nText.");
  folder.write("docs/sub/b.md", "# B\n\nText.");
  KnowledgeBase base(open_store("", true), std::make_shared<HashingEmbedder>(), system_host());
  CHECK(base.sync(folder.path("docs"), {}).added == 2);
  // Without a file descriptor for it, the folder below cannot be opened.
  std::vector<int> taken;
  for (int fd = open("/dev/null", O_RDONLY); fd >= 0; fd = open("/dev/null", O_RDONLY)) taken.push_back(fd);
  REQUIRE(!taken.empty());
  close(taken.back());
  taken.pop_back();
  Status status = Status::ok;
  try {
    base.sync(folder.path("docs"), {});
  } catch (const Error& error) {
    status = error.status();
  }
  for (const int fd : taken) close(fd);
  CHECK(status == Status::io);
  CHECK(base.documents().size() == 2);
  CHECK(base.sync(folder.path("docs"), {}).unchanged == 2);
}

#if defined(HADAL_WITH_SQLITE)
TEST_CASE("what was removed or replaced is in no byte of the base") {
  ScratchFolder folder;
  const std::string path = folder.path("base");
  KnowledgeBase base(open_store(path, true), std::make_shared<HashingEmbedder>(), system_host());
  std::string filler;
  for (int i = 0; i < 4000; ++i) filler += "Ordinary sentence number " + std::to_string(i) + ". ";
  base.add_text("keep", filler, "");
  std::string secret = "Der Kunde Xylofontraeger wohnt in der Zwetschgengasse. 张三丰的电话是壹贰叁。 ";
  for (int i = 0; i < 6; ++i) secret += secret;
  base.add_text("person-xylofontraeger.txt", secret, "");
  base.add_text("note", "The code word is Quittenbaum.", "");
  base.add_text("later", filler.substr(0, 3000), "");
  for (const char* word : {"Xylofontraeger", "xylofontraeger", "Zwetschgengasse", "zwetschgengasse", "张三丰", "三丰", "uittenbaum"})
    CHECK(bytes_of(path).find(word) != std::string::npos);
  base.remove(base.find("person-xylofontraeger.txt").id);
  base.add_text("note", "The code word has changed.", "");
  const std::string left = bytes_of(path);
  for (const char* word : {"Xylofontraeger", "xylofontraeger", "Zwetschgengasse", "zwetschgengasse", "tschgengass", "张三丰", "三丰", "uittenbaum"}) {
    CAPTURE(word);
    CHECK(left.find(word) == std::string::npos);
  }
  CHECK(base.search("Zwetschgengasse", {}).front().path != "person-xylofontraeger.txt");
  CHECK(base.store().problems().empty());
}
#endif
