// Mixtures of experts that are larger than the memory they may use: the same tokens, within the limit, and said before.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "generate/session.hpp"
#include "unit/generate/tiny_session.hpp"
#include "unit/models/tiny_weights.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

std::shared_ptr<Checkpoint> checkpoint() {
  std::ifstream file(HADAL_TEST_DATA "/models/deepseek_v3/config.json");
  REQUIRE(file);
  return tiny_checkpoint({std::istreambuf_iterator<char>(file), {}});
}

Options options_with(const std::string& text) {
  Options options;
  options.merge("backend=cpu; threads=2; context=256; chunk=32; batch=2; drafts=off; " + text, OptionLevel::runtime);
  return options;
}

ModelPlan plan_with(const std::string& text) {
  const Options options = options_with(text);
  Runtime runtime(system_host(), options, nullptr);
  return plan_model(runtime, options, [](bool) { return checkpoint(); });
}

std::shared_ptr<Model> open_with(const std::string& text) {
  const Options options = options_with(text);
  return Model::open(std::make_shared<Runtime>(system_host(), options, nullptr), options,
                     [](bool) { return checkpoint(); }, [](std::string_view, double) {});
}

std::vector<int32_t> answer(const std::shared_ptr<Model>& model) {
  std::vector<int32_t> prompt;
  for (int i = 0; i < 70; ++i) prompt.push_back((5 + 37 * i) % 160);
  return generate(*make_session(model, "temperature=0; max_tokens=40"), prompt);
}

std::string limit_of(uint64_t bytes) { return "memory_limit=" + std::to_string(bytes); }

}  // namespace

TEST_CASE("a mixture under a limit keeps the experts there is room for, and answers the same") {
  const ModelPlan all = plan_with("");
  REQUIRE(all.experts.slot_bytes > 0);
  CHECK(all.experts.slot_bytes == all.experts.all_bytes);
  CHECK(all.experts.slots == all.experts.count);
  CHECK(all.experts.file_bytes == 0);
  CHECK(all.memory_note().empty());
  const auto expected = answer(open_with(""));
  const uint64_t others = all.total() - all.experts.slot_bytes;
  const uint64_t most = all.experts.slot_bytes, one = most / uint64_t(all.experts.count);
  for (const uint64_t room : {most - 1, most / 2, most / 50, uint64_t{0}}) {
    CAPTURE(room);
    const std::string limit = limit_of(others + room);
    const ModelPlan plan = plan_with(limit);
    CHECK(plan.total() <= plan.limit);
    CHECK(plan.fits());
    CHECK(plan.experts.slot_bytes <= room);
    CHECK(plan.experts.slot_bytes + 2 * one > room);   // no room is wasted
    CHECK(plan.experts.slots < plan.experts.count);
    CHECK(plan.experts.file_bytes > 0);
    CHECK(plan.memory_note().find(std::to_string(plan.experts.slots) + " of ") != std::string::npos);
    const auto model = open_with(limit);
    CHECK(model->get("memory_note") == plan.memory_note());
    CHECK(answer(model) == expected);
  }
}

TEST_CASE("what does not fit even with all experts in the file is refused, saying which context would") {
  const ModelPlan all = plan_with("");
  const uint64_t least = all.total() - all.experts.slot_bytes;
  try {
    open_with(limit_of(least - 1));
    FAIL("expected an error");
  } catch (const Error& error) {
    CHECK(error.status() == Status::out_of_memory);
    const std::string sentence = error.what();
    CAPTURE(sentence);
    CHECK(sentence.find("all experts left in the file") != std::string::npos);
    CHECK(sentence.find("context=192 would fit") != std::string::npos);
  }
  open_with(limit_of(least - 1) + "; context=192");
}
