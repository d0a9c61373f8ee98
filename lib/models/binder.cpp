#include "models/binder.hpp"

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/tensor_names.hpp"

namespace hadal {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i) text += ", ";
    append_to(text, shape[i]);
  }
  return text + "]";
}

bool is_float(Dtype dtype) { return dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16; }

}  // namespace

Binder::Binder(TextModel& model) : model_(&model) {
  // Every weight is a tensor of the file, so this is never outgrown and pointers into the table hold.
  model.weights.reserve(model.checkpoint->tensors.size());
  model.stored.reserve(model.checkpoint->tensors.size());
}

Binder Binder::at(std::string_view prefix) const { return {*model_, message(prefix_, prefix, ".")}; }

const Weight& Binder::bind(std::string name, int64_t rows, int64_t cols) const {
  const Checkpoint& checkpoint = *model_->checkpoint;
  const std::string stored_name =
      checkpoint.container == Checkpoint::Container::gguf ? gguf_tensor_name(name) : name;
  const bool is_vector = rows == 1;
  const std::vector<int64_t> expected = is_vector ? std::vector{cols} : std::vector{rows, cols};
  const StoredTensor* tensor = checkpoint.find(stored_name);
  if (!tensor)
    throw Error(Status::corrupt, message(stored_name, ": expected ", shape_text(expected), ", found no such tensor"));
  const bool only_named = !tensor->data && tensor->shape.empty();   // enough for a plan
  if (tensor->shape != expected && !only_named)
    throw Error(Status::corrupt,
                message(stored_name, ": expected ", shape_text(expected), ", found ", shape_text(tensor->shape)));
  if (!is_float(tensor->dtype) && (is_vector || !is_block_type(tensor->dtype)))
    throw Error(Status::unsupported, message(stored_name, ": expected ", is_vector ? "floats" : "floats or blocks",
                                             ", found ", hadal::name(tensor->dtype)));
  if (model_->weights.size() == model_->weights.capacity())
    throw Error(Status::internal, message(stored_name, ": bound more weights than the file has tensors"));
  const int32_t index = int32_t(model_->weights.size());
  model_->stored.push_back(tensor);
  return model_->weights.emplace_back(Weight{std::move(name), tensor->dtype, rows, cols, tensor->data, index});
}

const Weight& Binder::matrix(std::string_view name, int64_t rows, int64_t cols) const {
  return bind(message(prefix_, name, ".weight"), rows, cols);
}

const Weight& Binder::vector(std::string_view name, int64_t length) const {
  return bind(message(prefix_, name, ".weight"), 1, length);
}

Graph::Linear Binder::linear(std::string_view name, int64_t rows, int64_t cols, bool bias) const {
  Graph::Linear projection;
  projection.weight = &matrix(name, rows, cols);
  if (bias) projection.bias = &bind(message(prefix_, name, ".bias"), 1, rows);
  return projection;
}

}  // namespace hadal
