// A host that provides everything, counts it, and fails on purpose.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hadal/hadal.h"
#include "unit/generate/tiny_model.hpp"

namespace {

struct FakeHost {
  std::mutex mutex;
  std::map<void*, std::pair<size_t, size_t>> blocks;   // size and alignment
  int64_t allocations = 0, fail_at = -1;
  bool mismatched = false;

  std::map<std::string, std::vector<std::byte>> files;
  int open_files = 0;
  int64_t reads = 0, fail_read_at = -1;
  bool can_map = true;
  std::atomic<int64_t> clock_reads = 0;
  std::atomic<int64_t> tasks = 0;
  std::vector<std::string> log;

  hadal_host interface() {
    hadal_host host{};
    host.size = sizeof host;
    host.concurrency = 3;
    host.context = this;
    host.allocate = [](void* context, size_t size, size_t alignment) -> void* {
      auto& self = *static_cast<FakeHost*>(context);
      const std::lock_guard lock(self.mutex);
      if (self.allocations++ == self.fail_at) return nullptr;
      void* block = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
      std::memset(block, 0xA5, size);
      self.blocks[block] = {size, alignment};
      return block;
    };
    host.free = [](void* context, void* block, size_t size, size_t alignment) {
      auto& self = *static_cast<FakeHost*>(context);
      const std::lock_guard lock(self.mutex);
      const auto found = self.blocks.find(block);
      if (found == self.blocks.end() || found->second != std::pair(size, alignment)) self.mismatched = true;
      else self.blocks.erase(found);
      std::free(block);
    };
    host.open = [](void* context, const char* path) -> void* {
      auto& self = *static_cast<FakeHost*>(context);
      const auto found = self.files.find(path);
      if (found == self.files.end()) return nullptr;
      ++self.open_files;
      return new std::pair<FakeHost*, std::vector<std::byte>*>(&self, &found->second);
    };
    host.file_size = [](void*, void* file) -> uint64_t {
      return static_cast<std::pair<FakeHost*, std::vector<std::byte>*>*>(file)->second->size();
    };
    host.read = [](void* context, void* file, uint64_t offset, void* out, size_t size) -> int32_t {
      auto& self = *static_cast<FakeHost*>(context);
      const std::lock_guard lock(self.mutex);
      if (self.reads++ == self.fail_read_at) return 1;
      const auto& bytes = *static_cast<std::pair<FakeHost*, std::vector<std::byte>*>*>(file)->second;
      if (offset > bytes.size() || size > bytes.size() - offset) return 1;
      std::memcpy(out, bytes.data() + offset, size);
      return 0;
    };
    host.map = [](void* context, void* file) -> const void* {
      if (!static_cast<FakeHost*>(context)->can_map) return nullptr;
      return static_cast<std::pair<FakeHost*, std::vector<std::byte>*>*>(file)->second->data();
    };
    host.close = [](void* context, void* file) {
      --static_cast<FakeHost*>(context)->open_files;
      delete static_cast<std::pair<FakeHost*, std::vector<std::byte>*>*>(file);
    };
    host.clock = [](void* context) -> int64_t { return ++static_cast<FakeHost*>(context)->clock_reads * 1000; };
    host.log = [](void* context, int32_t, const char* text) { static_cast<FakeHost*>(context)->log.push_back(text); };
    host.parallel_for = [](void* context, int64_t count, hadal_task task, void* task_context) {
      static_cast<FakeHost*>(context)->tasks += count;
      std::vector<std::thread> threads;
      for (int64_t i = 1; i < count; ++i) threads.emplace_back([=] { task(task_context, i); });
      if (count > 0) task(task_context, 0);
      for (auto& thread : threads) thread.join();
    };
    return host;
  }
};

// Opens, talks, and lets go again. The worst status met.
hadal_status whole_story(FakeHost& fake, std::string* answer = nullptr, bool parallel = false) {
  hadal_host host = fake.interface();
  if (!parallel) host.parallel_for = nullptr;
  hadal_runtime* runtime = nullptr;
  hadal_model* model = nullptr;
  hadal_session* session = nullptr;
  hadal_session* fork = nullptr;
  char text[512];
  size_t size = 0;
  hadal_status status = hadal_runtime_create(&host, "threads=1", &runtime);
  if (status >= 0) status = hadal_model_open(runtime, "tiny.gguf", "context=128; chunk=32; batch=2", &model);
  if (status >= 0) status = hadal_session_create(model, "temperature=0; max_tokens=6; ignore_end=on", &session);
  if (status >= 0) status = hadal_ask(session, "hello", -1, text, sizeof text, &size);
  if (status >= 0 && answer) answer->assign(text, size);
  if (status >= 0) status = hadal_session_fork(session, &fork);
  if (status >= 0) status = hadal_session_set(session, "logits", "all");
  if (status >= 0) status = hadal_session_logits(session, nullptr, 0, &size);
  hadal_runtime_release(runtime);
  hadal_model_release(model);
  hadal_session_release(fork);
  hadal_session_release(session);
  return status;
}

}  // namespace

TEST_CASE("memory, files, clock and threads come from the host, and everything goes back") {
  std::string mapped, read, parallel;
  FakeHost fake;
  fake.files["tiny.gguf"] = hadal::test::tiny_gguf();
  CHECK(whole_story(fake, &mapped) == HADAL_OK);
  CHECK(fake.allocations > 0);
  CHECK(fake.clock_reads > 0);
  fake.can_map = false;
  CHECK(whole_story(fake, &read) == HADAL_OK);
  CHECK(fake.reads > 0);
  CHECK(whole_story(fake, &parallel, true) == HADAL_OK);
  CHECK(fake.tasks > 0);
  CHECK(read == mapped);
  CHECK(parallel == mapped);
  CHECK(fake.blocks.empty());
  CHECK(fake.open_files == 0);
  CHECK(!fake.mismatched);
}

TEST_CASE("whichever allocation fails, the status says so and nothing leaks") {
  FakeHost fake;
  fake.files["tiny.gguf"] = hadal::test::tiny_gguf();
  REQUIRE(whole_story(fake) == HADAL_OK);
  const int64_t total = fake.allocations;
  for (int64_t n = 0; n < total; ++n) {
    CAPTURE(n);
    fake.allocations = 0;
    fake.fail_at = n;
    CHECK(whole_story(fake) == HADAL_OUT_OF_MEMORY);
    CHECK(fake.blocks.empty());
    CHECK(fake.open_files == 0);
    CHECK(!fake.mismatched);
  }
}

TEST_CASE("whichever read fails, the status says so and nothing leaks") {
  FakeHost fake;
  fake.files["tiny.gguf"] = hadal::test::tiny_gguf();
  fake.can_map = false;
  REQUIRE(whole_story(fake) == HADAL_OK);
  const int64_t total = fake.reads;
  for (int64_t n = 0; n < total; ++n) {
    CAPTURE(n);
    fake.reads = 0;
    fake.fail_read_at = n;
    CHECK(whole_story(fake) == HADAL_IO);
    CHECK(fake.blocks.empty());
    CHECK(fake.open_files == 0);
  }
}

TEST_CASE("generating allocates nothing from the host") {
  FakeHost fake;
  fake.files["tiny.gguf"] = hadal::test::tiny_gguf();
  const hadal_host host = fake.interface();
  hadal_runtime* runtime = nullptr;
  hadal_model* model = nullptr;
  hadal_session* session = nullptr;
  REQUIRE(hadal_runtime_create(&host, "", &runtime) == HADAL_OK);
  REQUIRE(hadal_model_open(runtime, "tiny.gguf", "context=512", &model) == HADAL_OK);
  REQUIRE(hadal_session_create(model, "temperature=0.8; seed=1; max_tokens=100; ignore_end=on", &session) == HADAL_OK);
  const int64_t before = fake.allocations;
  REQUIRE(hadal_ask(session, "hello", -1, nullptr, 0, nullptr) == HADAL_OK);
  REQUIRE(hadal_ask(session, "and more", -1, nullptr, 0, nullptr) == HADAL_OK);
  CHECK(fake.allocations == before);
  hadal_session_release(session);
  hadal_model_release(model);
  hadal_runtime_release(runtime);
  CHECK(fake.blocks.empty());
}

TEST_CASE("a file the host does not have is not found, and a progress callback can stop the loading") {
  FakeHost fake;
  const hadal_host host = fake.interface();
  hadal_runtime* runtime = nullptr;
  hadal_model* model = nullptr;
  REQUIRE(hadal_runtime_create(&host, "", &runtime) == HADAL_OK);
  CHECK(hadal_model_open(runtime, "missing.gguf", "", &model) == HADAL_NOT_FOUND);
  fake.files["tiny.gguf"] = hadal::test::tiny_gguf();
  struct Seen {
    double last = -1;
    int calls = 0, stop_at = 1 << 30;
    bool fell = false;
  } seen;
  const auto progress = [](void* context, const char*, double done) -> int32_t {
    auto* s = static_cast<Seen*>(context);
    s->fell = s->fell || done < s->last;
    s->last = done;
    return ++s->calls > s->stop_at;
  };
  REQUIRE(hadal_model_open_progress(runtime, "tiny.gguf", "", progress, &seen, &model) == HADAL_OK);
  hadal_model_release(model);
  CHECK(seen.last == 1);
  CHECK(!seen.fell);
  const int calls = seen.calls;
  for (int n = 0; n < calls; ++n) {
    seen = {.stop_at = n};
    model = nullptr;
    CHECK(hadal_model_open_progress(runtime, "tiny.gguf", "", progress, &seen, &model) == HADAL_CANCELLED);
    CHECK(model == nullptr);
  }
  hadal_runtime_release(runtime);
  CHECK(fake.blocks.empty());
  CHECK(fake.open_files == 0);
}
