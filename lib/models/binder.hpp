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

 private:
  Binder(TextModel& model, std::string prefix) : model_(&model), prefix_(std::move(prefix)) {}
  const Weight& bind(std::string name, int64_t rows, int64_t cols) const;

  TextModel* model_;
  std::string prefix_;
};

}  // namespace hadal
