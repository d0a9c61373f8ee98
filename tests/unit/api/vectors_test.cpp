// hadal_model_embed and hadal_model_rerank as a program meets them, and the knowledge layer's view of a model.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "api/handles.hpp"
#include "api/vectors.hpp"
#include "hadal/hadal.h"
#include "unit/generate/tiny_encoder.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;

hadal_model* open_tiny(const char* name, const char* options = "threads=2") {
  static MemoryHost host;   // its files stay: models read them where they lie
  if (!host.files.count(name)) write_encoder_gguf(host, name, name);
  hadal_source source{};
  source.size = sizeof source;
  source.data = host.files[name].data();
  source.bytes = host.files[name].size();
  hadal_model* model = nullptr;
  const hadal_status status = hadal_model_open_source(nullptr, &source, options, &model);
  INFO(hadal_last_error());
  REQUIRE(status == HADAL_OK);
  return model;
}

constexpr size_t kDim = 64;
const char* const kTexts[] = {"w4 w5 w6", "w7", "w8 w9"};

struct Stop {
  int calls = 0;
  static int32_t HADAL_CALL now(void* context, const char* stage, double) {
    CHECK(std::string(stage) == "embed");
    ++static_cast<Stop*>(context)->calls;
    return 1;
  }
};

}  // namespace

TEST_CASE("embed gives the size first, then the vectors, in either encoding") {
  hadal_model* model = open_tiny("bert");
  size_t size = 0;
  REQUIRE(hadal_model_embed(model, kTexts, nullptr, 3, nullptr, nullptr, nullptr, nullptr, 0, &size) == HADAL_OK);
  CHECK(size == 3 * kDim);
  std::vector<float> all(size), one(kDim), wide(kDim);
  REQUIRE(hadal_model_embed(model, kTexts, nullptr, 3, "", nullptr, nullptr, all.data(), all.size(), nullptr) ==
        HADAL_OK);
  // A size instead of the NUL; another text behind it is not read.
  const char* const text[] = {"w7 w100"};
  const int64_t bytes[] = {2};
  REQUIRE(hadal_model_embed(model, text, bytes, 1, "", nullptr, nullptr, one.data(), one.size(), &size) == HADAL_OK);
  CHECK(std::memcmp(one.data(), &all[kDim], kDim * sizeof(float)) == 0);
  const uint16_t word[] = {'w', '7', 0};
  const uint16_t* const words[] = {word};
  REQUIRE(hadal_model_embed16(model, words, nullptr, 1, nullptr, nullptr, nullptr, wide.data(), wide.size(),
                              &size) == HADAL_OK);
  CHECK(wide == one);
  double length = 0;
  for (const float v : one) length += double(v) * v;
  CHECK(length == doctest::Approx(1).epsilon(1e-6));
  hadal_model_release(model);
}

TEST_CASE("a small buffer holds the first texts, as many as fit whole") {
  hadal_model* model = open_tiny("bert");
  size_t size = 0;
  std::vector<float> some(2 * kDim + 5, -7);
  CHECK(hadal_model_embed(model, kTexts, nullptr, 3, "", nullptr, nullptr, some.data(), some.size(), &size) ==
        HADAL_PARTIAL);
  CHECK(size == 3 * kDim);
  CHECK(some[2 * kDim - 1] != -7);
  CHECK(some[2 * kDim] == -7);
  CHECK(hadal_model_embed(model, nullptr, nullptr, 0, "", nullptr, nullptr, some.data(), some.size(), &size) ==
        HADAL_OK);
  CHECK(size == 0);
  hadal_model_release(model);
}

TEST_CASE("what is wrong with a call to embed is said, and nothing is written") {
  hadal_model* model = open_tiny("bert", "threads=2; context=5");
  std::vector<float> out(kDim, -7);
  size_t size = 0;
  const auto embed = [&](const char* text, const char* options) {
    const char* const texts[] = {text};
    return hadal_model_embed(model, texts, nullptr, 1, options, nullptr, nullptr, out.data(), out.size(), &size);
  };
  CHECK(embed("w4 w5 w6 w7", "") == HADAL_INVALID_ARGUMENT);
  CHECK(std::string(hadal_last_error()).find("text 0: expected at most 3 tokens, found 4") == 0);
  CHECK(embed("\xFF", "") == HADAL_INVALID_ARGUMENT);
  CHECK(embed(nullptr, "") == HADAL_INVALID_ARGUMENT);
  CHECK(embed("w4", "purpos=query") == HADAL_INVALID_ARGUMENT);
  CHECK(std::string(hadal_last_error()).find("purpose") != std::string::npos);
  CHECK(embed("w4", "threads=1") == HADAL_INVALID_ARGUMENT);
  CHECK(embed("w4", "dimensions=65") == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_embed(nullptr, kTexts, nullptr, 1, "", nullptr, nullptr, out.data(), out.size(), &size) ==
        HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_embed(model, nullptr, nullptr, 1, "", nullptr, nullptr, out.data(), out.size(), &size) ==
        HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_embed(model, kTexts, nullptr, SIZE_MAX / 64, "", nullptr, nullptr, out.data(), 0, &size) ==
        HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_rerank(model, "w4", -1, kTexts, nullptr, 1, "", nullptr, nullptr, out.data(), 1, &size) ==
        HADAL_UNSUPPORTED);
  hadal_session* session = nullptr;
  CHECK(hadal_session_create(model, "", &session) == HADAL_UNSUPPORTED);
  CHECK(out == std::vector<float>(kDim, -7));
  CHECK(embed("w4", "") == HADAL_OK);
  hadal_model_release(model);
}

TEST_CASE("a session does not take the keys of embed") {
  hadal_runtime* runtime = nullptr;
  CHECK(hadal_runtime_create(nullptr, "long_text=cut", &runtime) == HADAL_OK);
  hadal_runtime_release(runtime);
}

TEST_CASE("a progress callback ends the call") {
  hadal_model* model = open_tiny("bert");
  std::vector<float> out(3 * kDim);
  size_t size = 0;
  Stop stop;
  CHECK(hadal_model_embed(model, kTexts, nullptr, 3, "", Stop::now, &stop, out.data(), out.size(), &size) ==
        HADAL_CANCELLED);
  CHECK(stop.calls == 1);
  CHECK(hadal_model_embed(model, kTexts, nullptr, 3, "", nullptr, nullptr, out.data(), out.size(), &size) == HADAL_OK);
  hadal_model_release(model);
}

TEST_CASE("threads that embed with one model at once get the same vectors") {
  hadal_model* model = open_tiny("bert");
  std::vector<float> alone(3 * kDim);
  size_t size = 0;
  REQUIRE(hadal_model_embed(model, kTexts, nullptr, 3, "", nullptr, nullptr, alone.data(), alone.size(), &size) ==
        HADAL_OK);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        std::vector<float> mine(3 * kDim);
        size_t got = 0;
        const hadal_status status = hadal_model_embed(model, kTexts, nullptr, 3, "", nullptr, nullptr, mine.data(),
                                                      mine.size(), &got);
        if (status != HADAL_OK || mine != alone) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  hadal_model_release(model);
}

TEST_CASE("rerank scores each text, in either encoding") {
  hadal_model* model = open_tiny("xlm_roberta_rank");
  float scores[3] = {}, wide[1] = {};
  size_t size = 0;
  REQUIRE(hadal_model_rerank(model, "w4", -1, kTexts, nullptr, 3, "", nullptr, nullptr, scores, 3, &size) == HADAL_OK);
  CHECK(size == 3);
  CHECK(scores[0] != scores[1]);
  const uint16_t query[] = {'w', '4', 0}, word[] = {'w', '7', 0};
  const uint16_t* const words[] = {word};
  REQUIRE(hadal_model_rerank16(model, query, -1, words, nullptr, 1, nullptr, nullptr, nullptr, wide, 1, &size) ==
        HADAL_OK);
  CHECK(wide[0] == scores[1]);
  CHECK(hadal_model_embed(model, kTexts, nullptr, 1, "", nullptr, nullptr, scores, 3, &size) == HADAL_UNSUPPORTED);
  hadal_model_release(model);
}

TEST_CASE("the knowledge layer's embedder and reranker are those of the C interface") {
  hadal_model* handle = open_tiny("nomic_bert",
                                  "threads=2; context=20; query_prefix=\"w20 w21 \"; document_prefix=\"w22 \"");
  const auto embedder = api::make_embedder(handle->model);
  CHECK(embedder->dimension() == int(kDim));
  CHECK(embedder->max_tokens() == 16);   // of 20: two special ones, the longer prefix
  CHECK(embedder->count_tokens("w4 w5") == 2);
  const std::vector<std::string_view> texts = {"w4 w5"};
  std::vector<float> query(kDim), document(kDim), expected(kDim);
  embedder->embed(texts, rag::Purpose::query, query);
  embedder->embed(texts, rag::Purpose::document, document);
  CHECK(query != document);
  const char* const given[] = {"w20 w21 w4 w5"};
  size_t size = 0;
  REQUIRE(hadal_model_embed(handle, given, nullptr, 1, "", nullptr, nullptr, expected.data(), kDim, &size) == HADAL_OK);
  CHECK(query == expected);
  CHECK(embedder->fingerprint() == api::make_embedder(handle->model)->fingerprint());
  CHECK(embedder->fingerprint() != api::make_embedder(handle->model, "dimensions=8")->fingerprint());
  hadal_model_release(handle);

  hadal_model* cross = open_tiny("xlm_roberta_rank");
  const auto reranker = api::make_reranker(cross->model);
  const std::vector<std::string_view> three(std::begin(kTexts), std::end(kTexts));
  float found[3] = {}, scores[3] = {};
  reranker->rank("w4", three, found);
  REQUIRE(hadal_model_rerank(cross, "w4", -1, kTexts, nullptr, 3, "", nullptr, nullptr, scores, 3, &size) == HADAL_OK);
  CHECK(std::memcmp(found, scores, sizeof scores) == 0);
  CHECK_THROWS_AS(api::make_embedder(cross->model), Error);
  hadal_model_release(cross);
}
