// Binds the weights an architecture names to a checkpoint's tensors. The names and shapes written at the calls are
// the architecture's weight table: loading is checking that table against the file.
#pragma once

#include <string>
#include <string_view>

#include "models/text_model.hpp"

namespace hadal {

class Binder {
 public:
  // Reserves the model's weight table; bound weights stay where they are.
  explicit Binder(TextModel& model);

  // The same binder for names below `prefix`: at("model.layers.3").vector("input_layernorm", n).
  Binder at(std::string_view prefix) const;

  // `name`.weight as a matrix [rows, cols] or a float vector [length], or a projection with `name`.bias if `bias`.
  // Throws Error(corrupt) naming the tensor, what was expected and what was found.
  const Weight& matrix(std::string_view name, int64_t rows, int64_t cols) const;
  const Weight& vector(std::string_view name, int64_t length) const;
  Graph::Linear linear(std::string_view name, int64_t rows, int64_t cols, bool bias = false) const;

  // Rows [first, first + count) of the matrix `name`.weight [rows, cols], as a weight of its own called `part`.
  Graph::Linear rows_of(std::string_view name, int64_t rows, int64_t cols, std::string_view part, int64_t first,
                        int64_t count) const;

  // A vector whose published name ends in no .weight.
  const Weight& bare_vector(std::string_view name, int64_t length) const {
    return bind(prefix_ + std::string(name), {length});
  }

  // `count` matrices [rows, cols] as one stack: the published experts.0.`name`.weight, experts.1.`name`.weight, ... or
  // one tensor [count, rows, cols], as GGUF and transformers 5 have it.
  const Weight& experts(std::string_view name, int64_t count, int64_t rows, int64_t cols) const;

  // The matrices of MLA's heads, out of kv_b_proj [heads * (nope_dim + value_dim), rank], or of GGUF's k_b [heads, rank,
  // nope_dim] and v_b [heads, value_dim, rank].
  Graph::LatentHeads latent_heads(int64_t heads, int64_t nope_dim, int64_t value_dim, int64_t rank) const;

  bool has(std::string_view name) const { return find(prefix_ + std::string(name)) != nullptr; }

 private:
  Binder(TextModel& model, std::string prefix) : model_(&model), prefix_(std::move(prefix)) {}
  std::string stored_name(std::string_view name) const;
  const StoredTensor* find(std::string_view name) const;
  // The tensor of that published name, its shape and format checked.
  const StoredTensor& expect(std::string_view name, const std::vector<int64_t>& shape) const;
  const Weight& add(Weight weight) const;
  const Weight& bind(std::string name, const std::vector<int64_t>& shape) const;

  TextModel* model_;
  std::string prefix_;
};

}  // namespace hadal
