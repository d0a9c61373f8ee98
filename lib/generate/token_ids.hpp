// Token ids that a tokenizer made, on their way to a model: a file's vocabulary may have more words than its embedding
// has rows.
#pragma once

#include <cstdint>
#include <span>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

// Throws Error(corrupt) naming the first that no row of the embedding stands for.
inline void expect_rows_for(std::span<const int32_t> ids, int64_t vocab_size) {
  for (const int32_t id : ids)
    if (id < 0 || id >= vocab_size)
      throw Error(Status::corrupt, message("tokenizer: expected ids below ", vocab_size, ", found ", id));
}

}  // namespace hadal
