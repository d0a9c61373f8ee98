// Published vocabularies against recorded ids and the vectors that other engines publish. Their files are too big to
// keep here: HADAL_TEST_TOKENIZERS (or shared/data/tokenizers beside the checkout) is a folder with deepseek_v3,
// llama3_1 and qwen3, each holding tokenizer.json or tokenizer.json.xz; HADAL_TEST_MODEL is the default model's GGUF
// file (or it lies in the user's cache). What is not there is skipped with a message.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <doctest/doctest.h>

#include "core/host.hpp"
#include "golden_cases.hpp"

using namespace hadal;
using namespace hadal::test;
namespace fs = std::filesystem;

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  pclose(pipe);
  return out;
}

std::unique_ptr<Tokenizer> published(const std::string& name) {
  std::string folder = environment("HADAL_TEST_TOKENIZERS");
  if (folder.empty()) folder = std::string(HADAL_TEST_DATA) + "/../../../shared/data/tokenizers";
  const fs::path path = fs::path(folder) / name / "tokenizer.json";
  std::string text;
  if (fs::exists(path))
    text = read_file(path.string());
  else if (fs::exists(path.string() + ".xz"))
    text = output_of("xz -dc '" + path.string() + ".xz'");
  if (text.empty()) {
    MESSAGE("skipped: no " << path.string() << "; set HADAL_TEST_TOKENIZERS");
    return nullptr;
  }
  return tokenizer_from_json(std::move(text), read_file((fs::path(folder) / name / "tokenizer_config.json").string()));
}

std::shared_ptr<Checkpoint> default_model() {
  std::string path = environment("HADAL_TEST_MODEL");
  if (path.empty()) {
    const std::string cache = environment("XDG_CACHE_HOME");
    path = (cache.empty() ? environment("HOME") + "/.cache" : cache) + "/hadal/SmolLM2-135M-Instruct.Q4_1.gguf";
  }
  if (!fs::exists(path)) {
    MESSAGE("skipped: no " << path << "; set HADAL_TEST_MODEL");
    return nullptr;
  }
  return open_checkpoint(system_host(), path, true);
}

void check_sample(const Tokenizer& tokenizer, const std::string& name) {
  for (const EncodeCase& c : read_cases("samples/" + name + ".cases.json").encode) {
    CAPTURE(c.text);
    CHECK(encode(tokenizer, c.text, true) == c.special);
    CHECK(encode(tokenizer, c.text, false) == c.plain);
    CHECK(decode(tokenizer, c.special, false) == c.decoded);
  }
}

using Ids = std::vector<int32_t>;

struct Vector {
  const char* text;
  Ids deepseek_v3, qwen2, llama_bpe;
};

const Vector kVectors[] = {
    {"Hello world", {19923, 2058}, {9707, 1879}, {9906, 1917}},
    {" Hello world", {45948, 2058}, {21927, 1879}, {22691, 1917}},
    {"Hello, world!", {19923, 14, 2058, 3}, {9707, 11, 1879, 0}, {9906, 11, 1917, 0}},
    {" this is 🦙.cpp", {566, 344, 7351, 102, 250, 16, 85525}, {419, 374, 11162, 99, 247, 13, 10821},
     {420, 374, 11410, 99, 247, 13, 11055}},
    {"w048 7tuijk dsdfhu", {89, 30633, 223, 25, 19679, 10637, 47502, 5920, 13524},
     {86, 15, 19, 23, 220, 22, 83, 1963, 41808, 11472, 2940, 16739}, {86, 23904, 220, 22, 83, 2005, 42908, 11729, 3013, 17156}},
    {"нещо на Български", {4136, 2418, 355, 1857, 8211, 83377, 76004, 4313},
     {78762, 14144, 1456, 13073, 63471, 33594, 3038, 133178, 79012}, {79862, 102118, 13373, 64571, 34694, 3114, 112203, 80112}},
    {"Cửa Việt", {37, 70712, 67, 19239, 96272}, {34, 90063, 128324}, {34, 91163, 101798}},
    {"    Hello\n    Hello", {361, 45948, 201, 361, 45948}, {262, 21927, 198, 262, 21927}, {262, 22691, 198, 262, 22691}},
    {"\n =", {201, 438}, {198, 284}, {198, 284}},
    {"' era", {9, 9861}, {6, 11385}, {6, 11639}},
    {"!!!!!!", {27656, 6909}, {17085, 2928}, {17523, 3001}},
    {"\t\n", {7028}, {1572}, {1602}},
    {"\n\n\n", {6328}, {1406}, {1432}},
    {"3333333", {11722, 11722, 21}, {18, 18, 18, 18, 18, 18, 18}, {8765, 8765, 18}},
};

}  // namespace

TEST_CASE("DeepSeek V3: sample, published vectors and settings") {
  const auto tokenizer = published("deepseek_v3");
  if (!tokenizer) return;
  CHECK(tokenizer->pre_tokenizer() == "deepseek-v3");
  CHECK(tokenizer->bos == 0);
  CHECK(tokenizer->eos == 1);
  CHECK(tokenizer->add_bos);
  CHECK(!tokenizer->add_eos);
  CHECK(tokenizer->end_of_turn == Ids{1, 128803});
  CHECK(tokenizer->size() == 128815);
  check_sample(*tokenizer, "deepseek_v3");
  for (const Vector& v : kVectors) CHECK(encode(*tokenizer, v.text) == v.deepseek_v3);
  CHECK(encode(*tokenizer, "What is 2+2?") == Ids{3085, 344, 223, 20, 13, 20, 33});
  CHECK(encode(*tokenizer, "And 3+3?") == Ids{4195, 223, 21, 13, 21, 33});
  CHECK(encode(*tokenizer, "Hello, my name is") == Ids{19923, 14, 1026, 2329, 344});
  CHECK(encode(*tokenizer, "4.") == Ids{22, 16});
  CHECK(encode(*tokenizer, " 2026-08-02") == Ids{223, 939, 24, 15, 3019, 15, 3425});
  CHECK(encode(*tokenizer, "<｜begin▁of▁sentence｜><｜User｜>hello<｜Assistant｜>") == Ids{0, 128803, 33310, 128804});
  CHECK(encode(*tokenizer, "<｜User｜>", false) == Ids{128803});  // added, but not special
  CHECK(encode(*tokenizer, "<｜begin▁of▁sentence｜>", false).size() > 1);
}

TEST_CASE("Llama 3.1: sample, published vectors and settings") {
  const auto tokenizer = published("llama3_1");
  if (!tokenizer) return;
  CHECK(tokenizer->pre_tokenizer() == "llama-bpe");
  CHECK(tokenizer->bos == 128000);
  CHECK(tokenizer->add_bos);
  CHECK(tokenizer->size() == 128256);
  check_sample(*tokenizer, "llama3_1");
  for (const Vector& v : kVectors) CHECK(encode(*tokenizer, v.text) == v.llama_bpe);
}

TEST_CASE("Qwen 3: sample, published vectors and settings") {
  const auto tokenizer = published("qwen3");
  if (!tokenizer) return;
  CHECK(tokenizer->pre_tokenizer() == "qwen2");
  CHECK(tokenizer->eos == 151645);
  CHECK(!tokenizer->add_bos);
  check_sample(*tokenizer, "qwen3");
  for (const Vector& v : kVectors) CHECK(encode(*tokenizer, v.text) == v.qwen2);
  CHECK(decode(*tokenizer, encode(*tokenizer, "e\xCC\x81"), false) == "é");
}

TEST_CASE("the default model: sample, settings and dropped bytes") {
  const auto checkpoint = default_model();
  if (!checkpoint) return;
  const auto tokenizer = load_tokenizer(*checkpoint);
  CHECK(tokenizer->pre_tokenizer() == "smollm");
  CHECK(tokenizer->size() == 49152);
  CHECK(tokenizer->bos == 1);
  CHECK(tokenizer->end_of_turn == Ids{2});
  CHECK(tokenizer->padding == 2);
  CHECK(!tokenizer->add_bos);
  check_sample(*tokenizer, "smollm2");
  for (const char byte : {'\x04', '\x06', '\x13', '\x14', '\x16', '\x1D'})
    CHECK(decode(*tokenizer, encode(*tokenizer, std::string("a") + byte + "b"), false) == "ab");
}
