// How an experts node is cut: pairs of a token and one of its experts, sorted by expert, and where all of it lies.
//
// Stages: 0 sorts the pairs; 1 rounds (or copies) their input rows; 2 multiplies with gate and up; 3 rounds the
// activations; 4 multiplies with down; 5 adds up a token's experts. A task of 2 and 4 is some panels of one expert by
// some of its pairs, numbered expert by expert, so that a file is read from front to back.
#pragma once

#include <span>

#include "backends/cpu/op.hpp"
#include "backends/cpu/panel.hpp"
#include "backends/cpu/quant_layout.hpp"

namespace hadal::cpu {

enum ExpertsStage : int { kGroupPairs, kTakeInputs, kGateUp, kRoundActivations, kDown, kAddUp, kExpertsStages };

struct ExpertsShape {
  explicit ExpertsShape(const Node& node)
      : gate(*node.weights[0]), up(*node.weights[1]), down(*node.weights[2]),
        hidden(gate.cols), ff(gate.rows), num_experts(int64_t(gate.parts.size())),
        per_token(node.as<ExpertsAttributes>().num_experts_per_tok) {}

  const Weight &gate, &up, &down;
  int64_t hidden, ff, num_experts, per_token;

  bool quantised_input() const { return panel_format(gate.dtype) || panel_format(up.dtype); }
  bool float_input() const { return !panel_format(gate.dtype) || !panel_format(up.dtype); }
  bool quantised_activation() const { return panel_format(down.dtype) != nullptr; }
};

// Pairs [first, first + rows) of one expert: no more rows than a block that stays in the cache.
struct ExpertJob {
  int32_t expert, first, rows;
};

// What stage 0 finds out.
struct ExpertGroups {
  int64_t* num_jobs;
  ExpertJob* jobs;
  int32_t* token_of;    // [pairs]
  int32_t* pair_of;     // [tokens, per_token]
  int32_t* counts;      // [num_experts + 1], scratch of the sorting; then the numbers of the experts that are used

  // routing: [tokens, 2 * per_token]. Returns how many experts are used.
  int64_t make(const ExpertsShape& shape, const Tensor& routing, int64_t row_block) const;
};

// Offsets into the node's scratch for a number of tokens.
struct ExpertsScratch {
  ExpertsScratch(const ExpertsShape& shape, int64_t tokens, const CpuConfig& config);

  ExpertGroups groups(std::byte* scratch) const;
  // Input rows of the pairs. A single token's row serves all of its pairs.
  QuantRows inputs(std::byte* scratch) const { return input_rows.in(scratch + inputs_at); }
  float* float_inputs(std::byte* scratch) const { return reinterpret_cast<float*>(scratch + float_inputs_at); }
  int64_t num_inputs() const { return tokens == 1 ? 1 : pairs; }
  // [pairs, ff] of swiglu, as floats and rounded.
  float* activations(std::byte* scratch) const { return reinterpret_cast<float*>(scratch + activations_at); }
  QuantRows rounded(std::byte* scratch) const { return activation_rows.in(scratch + rounded_at); }
  // [pairs, hidden] of down.
  float* results(std::byte* scratch) const { return reinterpret_cast<float*>(scratch + results_at); }

  // One worker's own part.
  struct Own {
    uint8_t* tiles;
    uint8_t* packed;   // panels that have no slot, kMostTilePanels of packed_bytes
    float* sums;
    float* gate;       // [panels][row block][16]
  };
  Own own(std::byte* scratch, int worker) const;

  int64_t tokens, pairs, most_jobs, row_block;
  QuantLayout input_rows, activation_rows;
  size_t jobs_at = 0, token_of_at = 0, pair_of_at = 0, counts_at = 0;
  size_t inputs_at = 0, float_inputs_at = 0, activations_at = 0, rounded_at = 0, results_at = 0, workers_at = 0;
  size_t packed_at = 0, sums_at = 0, gate_at = 0, own_bytes = 0;   // within a worker's part, tiles first
  size_t tile_bytes = 0, packed_bytes = 0;
  size_t bytes(int workers) const { return workers_at + size_t(workers) * own_bytes; }
};

// The tasks of stage 2 or 4: each job's panels in groups.
struct ExpertTasks {
  // bytes: of what a task multiplies with, per panel.
  ExpertTasks(int64_t num_jobs, int64_t num_panels, int64_t panel_bytes, const CpuConfig& config);
  int64_t jobs, panels, group;
  int64_t groups() const { return (panels + group - 1) / group; }
  int64_t count() const { return jobs * groups(); }
};
ExpertTasks gate_up_tasks(const ExpertsShape& shape, int64_t num_jobs, const CpuConfig& config);
ExpertTasks down_tasks(const ExpertsShape& shape, int64_t num_jobs, const CpuConfig& config);

}  // namespace hadal::cpu
