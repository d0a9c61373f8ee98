// Which tensor of the checkpoint a weight's bytes are.
#pragma once

#include <vector>

#include "formats/checkpoint.hpp"
#include "graph/weight.hpp"

namespace hadal {

struct WeightOrigin {
  const StoredTensor* tensor = nullptr;
  int64_t first_row = 0;   // of the weight, or of one of its parts, in all rows of the tensor
};

class WeightOrigins {
 public:
  // The checkpoint must stay as it is.
  explicit WeightOrigins(const Checkpoint& checkpoint);

  WeightOrigin of(const Weight& weight) const { return at(weight, weight.data); }
  WeightOrigin of(const Weight& stack, int64_t part) const { return at(stack, stack.parts[size_t(part)].data); }

  // The first tensor that the weight is made of, found by name: for a checkpoint that only an index names.
  const StoredTensor* named(const Weight& weight) const;

 private:
  WeightOrigin at(const Weight& weight, const std::byte* data) const;

  const Checkpoint& checkpoint_;
  std::vector<const StoredTensor*> by_address_;
};

}  // namespace hadal
