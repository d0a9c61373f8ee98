#include "generate/model_plan.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/system.hpp"
#include "generate/draft_layer.hpp"
#include "generate/pages.hpp"
#include "generate/runtime.hpp"
#include "generate/sentence_encoder.hpp"
#include "models/weight_scales.hpp"

namespace hadal {
namespace {

constexpr int64_t kDefaultContext = 4096;
// Logits of one run are kept below this, so that a large vocabulary does not make a large arena.
constexpr int64_t kLogitsBytes = 16 << 20;

// What stays resident beside the weights: the program's code and heap, and the vocabulary. Measured with the tool and
// vocabularies of 49k and 128k tokens, rounded up so that a plan is never passed.
uint64_t table_bytes(const Tokenizer* tokenizer) {
  constexpr uint64_t kCode = 9 << 20, kPerToken = 175;
  return kCode + (tokenizer ? uint64_t(tokenizer->size()) * kPerToken : 0);
}

// Pages of the file that a task which packs experts has mapped: its own rows of two matrices and what the system maps
// around them.
constexpr uint64_t kReadingBytes = 4 << 20;

bool is_expert(const Weight& weight, const Program& program) {
  const auto stacks = [&](const Graph& graph) {
    return std::any_of(graph.nodes().begin(), graph.nodes().end(), [&](const Node& node) {
      return node.op == Op::experts && std::count(node.weights.begin(), node.weights.end(), &weight) > 0;
    });
  };
  return stacks(program.graph()) || (program.draft() && stacks(*program.draft()));
}

}  // namespace

Sizes run_sizes(const Options& options, const Config& config) {
  if (config.pooling != Pooling::none) return SentenceEncoder::run_sizes(options, config);
  const int64_t batch = options.integer("batch"), chunk = options.integer("chunk");
  const int64_t rows = kLogitsBytes / (config.vocab_size * int64_t(sizeof(float)));
  const int64_t drafts = options.get("drafts") == "off" ? 0 : kMostDrafts;
  return {chunk + batch + drafts, std::max({batch + drafts, std::min(chunk, rows), int64_t(8)})};
}

int64_t context_for(const Options& options, const Config& config) {
  const int64_t asked = options.integer("context"), most = config.max_position_embeddings;
  if (asked > 0) return asked;
  return most > 0 ? std::min(most, kDefaultContext) : kDefaultContext;
}

bool ModelPlan::fits() const {
  if (limit > 0 && total() > limit) return false;
  return available == 0 || total() <= available;
}

std::string ModelPlan::memory_note() const {
  if (experts.file_bytes == 0) return {};
  return message("Memory has room for ", experts.slots, " of ", experts.count, " experts (",
                 experts.slots * 100 / experts.count, " %); the others, ", experts.file_bytes >> 20,
                 " MiB, are read from the file whenever they are used, so answers come slower.");
}

ModelPlan plan_program(Program& program, const TextModel& text, const WeightConversion* conversion,
                       const Options& options, int workers, const Tokenizer* tokenizer) {
  ModelPlan plan;
  plan.context = context_for(options, text.config);
  plan.parameters = text.parameters();
  plan.experts = program.experts();
  const bool packs_experts = plan.experts.all_bytes > 0;
  for (const Weight& weight : text.weights) {
    // Experts are packed one at a time, while they are used or at once.
    const bool one_by_one = packs_experts && is_expert(weight, program);
    const uint64_t at_once = one_by_one ? weight.part_bytes() * uint64_t(workers) : weight.bytes();
    plan.largest_weight = std::max(plan.largest_weight, conversion ? weight.bytes() : at_once);
    if (one_by_one || program.packed_bytes(weight) > 0) continue;
    plan.weights += weight.bytes();
    if (conversion && conversion->converts(weight)) plan.converted += weight.bytes();
  }
  if (conversion) plan.largest_weight += conversion->working_bytes();
  const Sizes sizes = run_sizes(options, text.config);
  plan.arena = program.plan(sizes, workers).arena_bytes;
  if (program.draft()) plan.arena += DraftLayer::bytes(program, sizes.tokens, workers);
  plan.page = program.cache_layout().page_bytes;
  if (text.config.pooling == Pooling::none)
    plan.cache = pages_for(plan.context) * plan.page +
                 uint64_t(text.config.vocab_size) * (sizeof(float) * 4 + sizeof(double));   // logits and sampler
  plan.scales = scale_bytes(text);
  plan.tables = table_bytes(tokenizer) + plan.scales + (packs_experts ? kReadingBytes * uint64_t(workers) : 0);
  plan.available = available_memory();
  plan.limit = uint64_t(options.integer("memory_limit"));
  plan.packed = program.packed_bytes();

  // A tenth stays for the others on this machine.
  const uint64_t budget = plan.limit > 0 ? plan.limit : plan.available / 10 * 9;
  if (packs_experts && !conversion && budget > 0 && plan.total() > budget) {
    const uint64_t others = plan.total() - plan.experts.slot_bytes;
    program.limit_experts(others < budget ? size_t(budget - others) : 0);
    plan.experts = program.experts();
    plan.packed = program.packed_bytes();
  }
  return plan;
}

void refuse_beyond_limit(const ModelPlan& plan) {
  const uint64_t peak = std::max(plan.total(), plan.while_packing());
  if (plan.limit == 0 || peak <= plan.limit) return;
  std::string sentence =
      message("memory_limit: expected room for ", peak, " bytes (weights ", plan.weights, ", packed ", plan.packed,
              ", cache ", plan.cache, ", arena ", plan.arena, "), found ", plan.limit);
  if (plan.experts.file_bytes > 0 && plan.experts.slots == 0)
    sentence += "; that is with all experts left in the file";
  const uint64_t pages = pages_for(plan.context), over = plan.total() > plan.limit ? plan.total() - plan.limit : 0;
  const uint64_t pages_over = plan.page > 0 ? (over + plan.page - 1) / plan.page : 0;
  if (plan.while_packing() <= plan.limit && pages_over < pages)
    sentence += message("; context=", (pages - pages_over) * uint64_t(CacheLayout::kPageTokens), " would fit");
  throw Error(Status::out_of_memory, sentence);
}

}  // namespace hadal
