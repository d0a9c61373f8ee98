// What a model must read and compute for a token, from its tensor table: the floor that speeds are compared with.
#pragma once

#include <cstdint>

#include "call.hpp"

struct WeightTraffic {
  double dense_bytes = 0, dense_operations = 0;     // every token: all but the embedding, the head and routed experts
  double head_bytes = 0, head_operations = 0;       // where logits are wanted
  double expert_bytes = 0, expert_operations = 0;   // all routed experts of all layers
  double experts = 0, experts_used = 0;             // of one layer, per token; 0 without experts
  double cache_bytes_per_token = 0;                 // read for each position before

  // Seconds that one step over `tokens` new tokens (`logits` of them with a head row), spread over `sequences` at `depth`
  // positions, takes at least on a machine with these limits.
  double least_seconds(double tokens, double logits, double sequences, double depth, double read_gbs, double int8_gops) const;
};

WeightTraffic weight_traffic(hadal_model* model);
