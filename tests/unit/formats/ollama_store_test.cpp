#include <doctest/doctest.h>

#include "formats/ollama_store.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_host.hpp"
#include "unit/formats/small_files.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;

#if defined(HADAL_WITH_JSON)

const std::string kDigest = std::string(32, 'a') + std::string(32, '7');

std::string manifest(const std::string& digest, uint64_t size) {
  return R"({"schemaVersion":2,"config":{"digest":"sha256:00","size":1},"layers":[)"
         R"({"mediaType":"application/vnd.ollama.image.template","digest":"sha256:11","size":2},)"
         R"({"mediaType":"application/vnd.ollama.image.model","digest":")" + digest + R"(","size":)" +
         std::to_string(size) + "}]}";
}

#endif

std::string find(MemoryHost& host, std::string_view name) { return find_in_ollama_stores(host, name, {"/one", "/two"}); }

}  // namespace

TEST_CASE("names of the Ollama store are told from paths") {
  for (const char* name : {"deepseek-r1", "deepseek-r1:1.5b", "someone/model:tag", "hf.co/org/model:Q4_K_M", "localhost:5000/a/b:c"})
    CHECK_MESSAGE(is_ollama_name(name), name);
  for (const char* name : {"", "/abs/path", "../up", "./here", "a/../b", "a//b", "a:", ":b", "a b", "a/b/c/d/e", "model.gguf:../x", "a\\b"})
    CHECK_MESSAGE(!is_ollama_name(name), name);
}

#if defined(HADAL_WITH_JSON)

TEST_CASE("a name leads through its manifest to the weights, in the first store that has it") {
  MemoryHost host;
  const std::string gguf = small_gguf().file();
  const std::string blob = "/two/blobs/sha256-" + kDigest;
  host.files[blob] = gguf;
  const std::string text = manifest("sha256:" + kDigest, gguf.size());
  host.files["/two/manifests/registry.ollama.ai/library/deepseek-r1/1.5b"] = text;
  host.files["/two/manifests/registry.ollama.ai/library/deepseek-r1/latest"] = text;
  host.files["/two/manifests/registry.ollama.ai/someone/model/tag"] = text;
  host.files["/two/manifests/hf.co/org/model/latest"] = text;
  for (const char* name : {"deepseek-r1:1.5b", "deepseek-r1", "someone/model:tag", "hf.co/org/model"})
    CHECK_MESSAGE(find(host, name) == blob, name);
  CHECK(find(host, "deepseek-r1:7b").empty());
  CHECK(find(host, "someone/model").empty());
}

TEST_CASE("a model opens by its name in the store") {
  auto host = std::make_shared<MemoryHost>();
  const std::string store = ollama_stores()[0], gguf = small_gguf().file();
  host->files[store + "/manifests/registry.ollama.ai/library/deepseek-r1/1.5b"] = manifest("sha256:" + kDigest, gguf.size());
  host->files[store + "/blobs/sha256-" + kDigest] = gguf;
  CHECK(open_checkpoint(host, "deepseek-r1:1.5b")->tensors.size() == 3);
}

TEST_CASE("a manifest that does not lead to its weights is refused with a reason") {
  MemoryHost host;
  std::string& text = host.files["/one/manifests/registry.ollama.ai/library/m/latest"];
  const auto refused = [&](Status status) { return sentence_of(status, [&] { find(host, "m"); }); };
  text = manifest("sha256:" + kDigest, 10);
  CHECK(mentions(refused(Status::corrupt), "are missing"));
  host.files["/one/blobs/sha256-" + kDigest] = "short";
  CHECK(mentions(refused(Status::corrupt), "another size"));
  text = manifest("sha256:../../../etc/passwd", 10);
  CHECK(mentions(refused(Status::corrupt), "no sha256 digest"));
  text = manifest("sha256:" + kDigest.substr(1), 10);
  CHECK(mentions(refused(Status::corrupt), "no sha256 digest"));
  text = R"({"layers":[{"mediaType":"application/vnd.ollama.image.tensor"}]})";
  CHECK(mentions(refused(Status::unsupported), "no GGUF layer"));
  text = R"({"layers":3})";
  CHECK(mentions(refused(Status::corrupt), "list of layers"));
  text = "{";
  refused(Status::corrupt);
}

#else

TEST_CASE("a build without JSON finds the name but says that it cannot read the manifest") {
  MemoryHost host;
  host.files["/one/manifests/registry.ollama.ai/library/m/latest"] = "{}";
  CHECK(mentions(sentence_of(Status::unsupported, [&] { find(host, "m"); }), "HADAL_JSON"));
}

#endif

TEST_CASE("a name that is nowhere says where was looked") {
  auto host = std::make_shared<MemoryHost>();
  const std::string sentence = sentence_of(Status::not_found, [&] { open_checkpoint(host, "no-such-model:7b"); });
  CHECK(mentions(sentence, "\"no-such-model:7b\""));
  CHECK(mentions(sentence, ollama_stores()[0]));
  CHECK(!mentions(sentence_of(Status::not_found, [&] { open_checkpoint(host, "/no/such/file.gguf"); }), "Ollama"));
  host->files["notes.txt"] = "hello, world";
  CHECK(mentions(sentence_of(Status::corrupt, [&] { open_checkpoint(host, "notes.txt"); }), "a file of another kind"));
  sentence_of(Status::invalid_argument, [&] { open_checkpoint(host, ""); });
}
