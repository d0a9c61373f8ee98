// What a model and one session of it will take, before any of it is allocated.
#pragma once

#include <cstdint>
#include <string>

#include "generate/options.hpp"
#include "graph/program.hpp"
#include "models/text_model.hpp"
#include "models/weight_conversion.hpp"
#include "tokenizer/tokenizer.hpp"

namespace hadal {

struct ModelPlan {
  uint64_t weights = 0, packed = 0, cache = 0, arena = 0, tables = 0;
  uint64_t converted = 0;        // of weights: made while loading instead of mapped
  uint64_t scales = 0;           // of tables: of FP8 weights
  uint64_t largest_weight = 0;   // what lies beside the packed bytes while loading
  uint64_t page = 0;             // of the cache, for CacheLayout::kPageTokens tokens
  uint64_t available = 0, limit = 0;
  int64_t context = 0, parameters = 0;
  Program::Experts experts;      // slot_bytes of them in packed
  uint64_t total() const { return weights + packed + cache + arena + tables; }
  // At most, while loading: experts are packed later.
  uint64_t while_packing() const { return weights + packed - experts.slot_bytes + tables + largest_weight; }
  bool fits() const;
  // What to expect where experts stay in the file; else "".
  std::string memory_note() const;
};

// Runs of a model are at most this large; of an encoder as SentenceEncoder::run_sizes says.
Sizes run_sizes(const Options& options, const Config& config);
int64_t context_for(const Options& options, const Config& config);

// Gives the program's experts what memory_limit leaves beside everything else, or without a limit what the machine has
// free; the others stay in the file.
ModelPlan plan_program(Program& program, const TextModel& text, const WeightConversion* conversion,
                       const Options& options, int workers, const Tokenizer* tokenizer);

// Throws Error(out_of_memory), saying what would fit, if the plan is beyond memory_limit.
void refuse_beyond_limit(const ModelPlan& plan);

}  // namespace hadal
