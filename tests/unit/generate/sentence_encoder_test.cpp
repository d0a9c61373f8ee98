// Vectors and scores: tiny random encoders against transformers, the laws they keep, and what happens to texts that do
// not fit.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <thread>

#include "core/half.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "core/thread_pool.hpp"
#include "generate/json_text.hpp"
#include "generate/model.hpp"
#include "unit/embed_texts.hpp"
#include "unit/generate/tiny_encoder.hpp"
#include "unit/models/default_model.hpp"

namespace hadal::test {
namespace {

constexpr auto kGoOn = [](double) { return true; };

std::shared_ptr<Model> open_at(std::shared_ptr<Host> host, const std::string& path, const std::string& options,
                               int threads = 2) {
  Options merged;
  merged.merge("threads=" + std::to_string(threads), OptionLevel::runtime);
  merged.merge(options, OptionLevel::model);
  auto runtime = std::make_shared<Runtime>(host, merged, nullptr);
  return Model::open(runtime, merged, [&](bool) { return open_checkpoint(host, path); },
                     [](std::string_view, double) {});
}

std::shared_ptr<Model> open_tiny(const std::string& name, const std::string& options = "", int threads = 2) {
  const auto host = std::make_shared<MemoryHost>();
  write_encoder_folder(*host, "m", name);
  return open_at(host, "m", options, threads);
}

// The tiny folder with some keys of its config.json set to other values.
std::shared_ptr<Model> open_altered(const std::string& name, const std::string& values,
                                    const std::string& options = "") {
  const auto host = std::make_shared<MemoryHost>();
  write_encoder_folder(*host, "m", name);
  Json::Object config = *parse_json(host->files["m/config.json"], "config.json").as_object();
  const Json altered = parse_json(values, "values");
  for (const auto& entry : *altered.as_object()) {
    std::erase_if(config, [&](const auto& old) { return old.first == entry.first; });
    config.push_back(entry);
  }
  host->files["m/config.json"].clear();
  append_json(host->files["m/config.json"], Json(std::move(config)));
  host->files["m/sentence_bert_config.json"] = R"({"max_seq_length": 8192})";
  return open_at(host, "m", options);
}

EmbedSettings settings_of(const Model& model, const std::string& options) {
  Options merged = model.options();
  merged.merge(options, OptionLevel::vectors);
  return model.encoder().settings(merged);
}

std::vector<float> embed(const Model& model, const std::vector<std::string>& texts, const std::string& options = "") {
  const EmbedSettings settings = settings_of(model, options);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const size_t dim = size_t(settings.dimensions > 0 ? settings.dimensions : model.encoder().hidden_size());
  std::vector<float> out(texts.size() * dim, -1);
  model.encoder().embed(views, settings, out, kGoOn);
  return out;
}

std::vector<float> rank(const Model& model, const std::string& query, const std::vector<std::string>& texts,
                        const std::string& options = "") {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<float> out(texts.size());
  model.encoder().rank(query, views, settings_of(model, options), out, kGoOn);
  return out;
}

// The largest error as a share of the golden's range.
double worst_share(const std::vector<float>& golden, const std::vector<float>& found) {
  REQUIRE(golden.size() == found.size());
  const auto [low, high] = std::minmax_element(golden.begin(), golden.end());
  double worst = 0;
  for (size_t i = 0; i < golden.size(); ++i)
    if (const double difference = std::abs(double(golden[i]) - found[i]); !(difference <= worst)) worst = difference;
  return worst / (double(*high) - *low);
}

constexpr const char* kBackends[] = {"backend=reference", "backend=cpu; cpu=scalar", "backend=cpu; cpu=avx2",
                                     "backend=cpu; cpu=avx512"};

// nullptr where the machine lacks the instruction set level.
std::shared_ptr<Model> open_or_skip(const std::string& name, const std::string& options) {
  try {
    return open_tiny(name, options);
  } catch (const Error& error) {
    REQUIRE(error.status() == Status::unsupported);
    MESSAGE("skipped: ", std::string(error.what()));
    return nullptr;
  }
}

double cosine(const float* a, const float* b, size_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < n; ++i) ab += double(a[i]) * b[i], aa += double(a[i]) * a[i], bb += double(b[i]) * b[i];
  return ab / std::sqrt(aa * bb);
}

std::string refusal(const std::function<void()>& call, Status expected) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.status() == expected);
    return error.what();
  }
  FAIL("expected a failure");
  return {};
}

}  // namespace

TEST_CASE("tiny encoders give the rows transformers gives") {
  for (const char* backend : kBackends)
    for (const char* name : {"bert", "bert_cls", "xlm_roberta", "nomic_bert", "llama_last"}) {
      CAPTURE(std::string(backend));
      CAPTURE(std::string(name));
      const std::string pooling = std::string(name) == "llama_last" ? "; pooling=last" : "";
      const auto model = open_or_skip(name, backend + pooling);
      if (!model) break;
      CHECK(worst_share(encoder_rows(name), embed(*model, encoder_texts(), "normalize=off")) <= 1e-4);
    }
}

TEST_CASE("tiny cross-encoders give the scores transformers gives") {
  for (const char* backend : kBackends)
    for (const char* name : {"bert_rank", "xlm_roberta_rank"}) {
      CAPTURE(std::string(backend));
      CAPTURE(std::string(name));
      const auto model = open_or_skip(name, backend);
      if (!model) break;
      const std::vector<std::string> texts = encoder_texts();
      CHECK(worst_share(encoder_rows(name), rank(*model, texts[0], texts)) <= 1e-4);
    }
}

TEST_CASE("GGUF encoders give the rows of the folder they were made from") {
  for (const char* name : {"bert", "bert_cls", "nomic_bert", "xlm_roberta"}) {
    CAPTURE(std::string(name));
    const auto host = std::make_shared<MemoryHost>();
    write_encoder_gguf(*host, "m.gguf", name);
    const auto model = open_at(host, "m.gguf", "");
    CHECK(worst_share(encoder_rows(name), embed(*model, encoder_texts(), "normalize=off")) <= 1e-4);
  }
  const auto host = std::make_shared<MemoryHost>();
  write_encoder_gguf(*host, "m.gguf", "xlm_roberta_rank");
  const std::vector<std::string> texts = encoder_texts();
  CHECK(worst_share(encoder_rows("xlm_roberta_rank"), rank(*open_at(host, "m.gguf", ""), texts[0], texts)) <= 1e-4);
}

TEST_CASE("a text's vector has the same bits alone, in any company and with any number of threads") {
  const std::vector<std::string> texts = encoder_texts();
  for (const char* name : {"bert", "nomic_bert"}) {
    const auto model = open_tiny(name);
    const std::vector<float> together = embed(*model, texts);
    const size_t dim = together.size() / texts.size();
    for (size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(i);
      const auto begin = together.begin() + ptrdiff_t(i * dim);
      CHECK(embed(*model, {texts[i]}) == std::vector(begin, begin + ptrdiff_t(dim)));
    }
    std::vector<std::string> many;   // more than one run holds
    for (int i = 0; i < 40; ++i) many.push_back(texts[size_t(i * 7 % 5)]);
    const std::vector<float> rows = embed(*model, many);
    for (size_t i = 0; i < many.size(); ++i)
      CHECK(std::memcmp(&rows[i * dim], &together[i * 7 % 5 * dim], dim * sizeof(float)) == 0);
    for (const int threads : {1, 3}) CHECK(embed(*open_tiny(name, "", threads), texts) == together);
  }
}

TEST_CASE("a text that is too long is refused, cut, or split and averaged") {
  const auto model = open_tiny("bert", "context=12");   // ten words and the two special tokens
  const std::string ten = "w4 w5 w6 w7 w8 w9 w10 w11 w12 w13";
  const std::string long_text = ten + " w14 w15 w16 w17 w18 w19";
  CHECK(refusal([&] { embed(*model, {ten, long_text}); }, Status::invalid_argument) ==
        "text 1: expected at most 10 tokens, found 16; long_text=cut or split takes longer ones");
  CHECK(embed(*model, {long_text}, "long_text=cut") == embed(*model, {ten}));
  const std::vector<float> halves =
      embed(*model, {"w4 w5 w6 w7 w8 w9 w10 w11", "w12 w13 w14 w15 w16 w17 w18 w19"}, "normalize=off");
  const std::vector<float> split = embed(*model, {long_text}, "long_text=split; normalize=off");
  for (size_t i = 0; i < split.size(); ++i)
    CHECK(split[i] == doctest::Approx((double(halves[i]) + halves[i + split.size()]) / 2).epsilon(1e-6));
  CHECK(embed(*model, {ten}, "long_text=split") == embed(*model, {ten}));
}

TEST_CASE("an encoder whose numbers do not fit together is refused") {
  const auto refuse = [](const std::string& name, const std::string& values) {
    CAPTURE(values);
    return refusal([&] { open_altered(name, values); }, Status::corrupt);
  };
  // No row of a text's position may lie outside the table, whatever else the config says.
  for (const char* epsilon : {"1e-5", "0"})
    for (const char* padding : {"-600", "-2", "130", "9223372036854775807"})
      refuse("xlm_roberta", message("{\"layer_norm_eps\": ", epsilon, ", \"pad_token_id\": ", padding, "}"));
  for (const char* epsilon : {"-1", "1"}) refuse("bert", message("{\"layer_norm_eps\": ", epsilon, "}"));
  for (const char* name : {"bert", "xlm_roberta", "nomic_bert"})
    for (const char* key : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size"})
      for (const char* value : {"0", "-1", "9223372036854775807"})
        refuse(name, message("{\"", key, "\": ", value, "}"));
  for (const char* name : {"bert", "xlm_roberta", "nomic_bert"})
    for (const char* value : {"0", "-1"}) refuse(name, message("{\"max_position_embeddings\": ", value, "}"));
  for (const char* value : {"-1", "3", "1000000"}) refuse("bert", message("{\"type_vocab_size\": ", value, "}"));
  refuse("nomic_bert", R"({"hidden_size": 9223372036854775807, "intermediate_size": null})");

  const auto host = std::make_shared<MemoryHost>();
  write_encoder_gguf(*host, "m.gguf", "bert");
  std::string& file = host->files["m.gguf"];
  file.replace(file.find("position_embd.weight"), 8, "POSITION");   // no such table
  refusal([&] { open_at(host, "m.gguf", ""); }, Status::corrupt);
}

TEST_CASE("a text longer than a run is refused where the publisher allows it, and taken with a larger context") {
  const std::string wide = R"({"max_position_embeddings": 8192, "max_trained_positions": 8192})";
  std::string text;
  for (int i = 0; i < 4200; ++i) text += "w4 ";
  const auto model = open_altered("nomic_bert", wide);
  CHECK(model->get("max_tokens_per_text") == "4096");
  CHECK(refusal([&] { embed(*model, {text}); }, Status::invalid_argument)
            .starts_with("text 0: expected at most 4094 tokens, found 4200"));
  CHECK(open_altered("nomic_bert", wide, "context=8192")->get("max_tokens_per_text") == "8192");
}

TEST_CASE("an encoder's trace can be read, also while another thread computes") {
  const auto model = open_tiny("bert", "tracing=on");
  embed(*model, encoder_texts());
  CHECK(model->get("trace").find("\"name\":\"self_attention\"") != std::string::npos);
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) embed(*model, encoder_texts());
  });
  for (int i = 0; i < 5; ++i) CHECK(model->get("trace").ends_with("\n]}\n"));
  other.join();
}

TEST_CASE("prefixes go before the text, by purpose, and count against its length") {
  const auto model = open_tiny("bert", "context=12");
  const std::string mine = "query_prefix=\"w20 w21 \"; document_prefix=\"w22 \"";
  CHECK(embed(*model, {"w4"}, mine) == embed(*model, {"w4"}));
  CHECK(embed(*model, {"w4"}, mine + "; purpose=query") == embed(*model, {"w20 w21 w4"}));
  CHECK(embed(*model, {"w4"}, mine + "; purpose=document") == embed(*model, {"w22 w4"}));
  CHECK(refusal([&] { embed(*model, {"w4 w5 w6 w7 w8 w9 w10 w11 w12"}, mine + "; purpose=query"); },
                Status::invalid_argument)
            .starts_with("text 0: expected at most 8 tokens, found 9"));
  const auto nomic = open_tiny("nomic_bert");
  CHECK(nomic->get("query_prefix") == "search_query: ");
  CHECK(nomic->get("document_prefix") == "search_document: ");
}

TEST_CASE("fewer dimensions are those of the layer-normalised vector, at length 1") {
  const auto model = open_tiny("nomic_bert");
  const std::vector<float> whole = embed(*model, {"w4 w5 w6"}, "normalize=off");
  const std::vector<float> few = embed(*model, {"w4 w5 w6"}, "dimensions=16");
  double mean = 0, squares = 0, length = 0;
  for (const float v : whole) mean += v / double(whole.size());
  for (const float v : whole) squares += (v - mean) * (v - mean) / double(whole.size());
  std::vector<double> expected;
  for (size_t i = 0; i < 16; ++i) expected.push_back((whole[i] - mean) / std::sqrt(squares + 1e-5));
  for (const double v : expected) length += v * v;
  REQUIRE(few.size() == 16);
  for (size_t i = 0; i < 16; ++i) CHECK(few[i] == doctest::Approx(expected[i] / std::sqrt(length)).epsilon(1e-6));
  CHECK(refusal([&] { embed(*model, {"w4"}, "dimensions=65"); }, Status::invalid_argument) ==
        "option dimensions: expected at most the 64 of this model, found 65");
}

TEST_CASE("models say what they are for, and refuse the rest") {
  const auto bert = open_tiny("bert");
  const auto cross = open_tiny("bert_rank");
  CHECK(bert->get("dimension") == "64");
  CHECK(bert->get("pooling") == "mean");
  CHECK(open_tiny("bert_cls")->get("pooling") == "cls");
  CHECK(bert->get("max_tokens_per_text") == "128");
  CHECK(open_tiny("xlm_roberta")->get("max_tokens_per_text") == "128");   // of 130 rows two are never a text's
  CHECK(cross->get("pooling") == "rank");
  refusal([&] { bert->scheduler(); }, Status::unsupported);
  refusal([&] { rank(*bert, "w4", {"w5"}); }, Status::unsupported);
  refusal([&] { embed(*cross, {"w4"}); }, Status::unsupported);
  refusal([&] { open_tiny("llama_last")->encoder(); }, Status::unsupported);
  refusal([&] { open_tiny("llama_last", "pooling=rank"); }, Status::unsupported);
  refusal([&] { open_tiny("bert", "context=129"); }, Status::invalid_argument);
}

TEST_CASE("a tokenizer with more words than the weights have rows is found out") {
  const auto host = std::make_shared<MemoryHost>();
  write_encoder_folder(*host, "m", "bert");
  std::string& json = host->files["m/tokenizer.json"];
  json.insert(json.rfind("}}}"), ",\"w160\":160");
  const auto model = open_at(host, "m", "", 1);
  CHECK(refusal([&] { embed(*model, {"w159", "w160"}); }, Status::corrupt) ==
        "tokenizer: expected ids below 160, found 160");
  CHECK(embed(*model, {"w159"}) == embed(*open_tiny("bert"), {"w159"}));
}

TEST_CASE("embedding stops when it is told to, and the model works on") {
  const auto model = open_tiny("bert");
  const std::vector<std::string> texts(200, encoder_texts()[3]);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<float> out(texts.size() * 64);
  double last = 0;
  const auto until_a_third = [&](double done) { return (last = done) < 0.3; };
  CHECK(refusal([&] { model->encoder().embed(views, settings_of(*model, ""), out, until_a_third); },
                Status::cancelled) == "cancelled by the progress callback");
  CHECK(last >= 0.3);
  CHECK(last < 0.9);
  CHECK(embed(*model, {texts[0]}).size() == 64);
}

TEST_CASE("vectors of two models can be compared exactly when their fingerprints are equal") {
  const auto print = [](const Model& model, const std::string& options) {
    return model.vectors_fingerprint(settings_of(model, options + "; purpose=query"),
                                     settings_of(model, options + "; purpose=document"));
  };
  const auto bert = open_tiny("bert"), again = open_tiny("bert", "", 1), cls = open_tiny("bert", "pooling=cls");
  CHECK(print(*bert, "") == print(*again, ""));
  CHECK(print(*bert, "") != print(*cls, ""));
  CHECK(print(*bert, "") != print(*open_tiny("bert_cls"), ""));
  CHECK(print(*bert, "") != print(*bert, "dimensions=32"));
  CHECK(print(*bert, "") != print(*bert, "query_prefix=\"w4 \""));
}

TEST_CASE("an encoder within its memory_limit, and one beyond it") {
  const auto model = open_tiny("bert", "memory_limit=64M");
  CHECK(embed(*model, {"w4"}).size() == 64);
  refusal([] { open_tiny("bert", "memory_limit=9500000"); }, Status::out_of_memory);
}

TEST_CASE("the default embedding model gives the vectors transformers gives, in ten languages") {
  const auto folder = default_embedder();
  if (!folder) {
    MESSAGE("skipped: no default embedding model; set HADAL_TEST_EMBEDDER");
    return;
  }
  const std::vector<std::string> texts = language_texts();
  const std::string golden = read_golden("minilm.f16");
  constexpr size_t kDim = 384;
  REQUIRE(golden.size() == texts.size() * kDim * 2);
  std::vector<float> expected(texts.size() * kDim);
  for (size_t i = 0; i < expected.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, golden.data() + 2 * i, 2);
    expected[i] = f16_to_f32(bits);
  }
  const auto check = [&](const std::string& options, double least, size_t step) {
    const auto model = open_at(system_host(), *folder, options);
    CHECK(model->get("max_tokens_per_text") == "256");
    std::vector<std::string> some;
    for (size_t i = 0; i < texts.size(); i += step) some.push_back(texts[i]);
    const std::vector<float> rows = embed(*model, some);
    double worst = 1;
    for (size_t i = 0; i < some.size(); ++i)
      worst = std::min(worst, cosine(&rows[i * kDim], &expected[i * step * kDim], kDim));
    MESSAGE(options, ": least cosine 1 - ", 1 - worst);
    CHECK(worst >= least);
  };
  check("", 0.99999, short_tests() ? 9 : 1);
  // The strict backend takes a second a text; every tenth is of another language and length.
  check("backend=reference", 0.99999, long_tests() ? 1 : short_tests() ? 67 : 9);
}

}  // namespace hadal::test
