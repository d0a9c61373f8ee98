// Shapes of graph values: [rows, cols], where rows may be a symbol that is bound when the graph runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/message.hpp"

namespace hadal {

enum class Symbol : uint8_t {
  none,     // a fixed number
  tokens,   // tokens fed in this run, over all sequences
  outputs,  // rows whose logits are wanted
};

// The values of the symbols in one run, or their maxima when planning.
struct Sizes {
  int64_t tokens = 0;
  int64_t outputs = 0;
};

struct Extent {
  int64_t size = 0;  // of one, where there is a symbol: the extent is size * symbol
  Symbol symbol = Symbol::none;

  int64_t at(const Sizes& sizes) const {
    if (symbol == Symbol::tokens) return size * sizes.tokens;
    if (symbol == Symbol::outputs) return size * sizes.outputs;
    return size;
  }
  bool operator==(const Extent&) const = default;
};

inline constexpr Extent kTokens{1, Symbol::tokens};
inline constexpr Extent kOutputs{1, Symbol::outputs};

struct Shape {
  Extent rows;
  int64_t cols = 0;
  bool operator==(const Shape&) const = default;
};

inline void append_to(std::string& out, const Shape& shape) {
  out += '[';
  if (shape.rows.symbol == Symbol::none || shape.rows.size != 1) append_to(out, shape.rows.size);
  if (shape.rows.symbol == Symbol::tokens) out += shape.rows.size == 1 ? "tokens" : "*tokens";
  if (shape.rows.symbol == Symbol::outputs) out += shape.rows.size == 1 ? "outputs" : "*outputs";
  out += ", ";
  append_to(out, shape.cols);
  out += ']';
}

}  // namespace hadal
