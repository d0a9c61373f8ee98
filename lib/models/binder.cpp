#include "models/binder.hpp"

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/f8_tensors.hpp"
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
  // Every weight is a tensor of the file or one of the two halves of one, so this is never outgrown and pointers into
  // the table hold.
  model.weights.reserve(2 * model.checkpoint->tensors.size());
}

Binder Binder::at(std::string_view prefix) const { return {*model_, message(prefix_, prefix, ".")}; }

std::string Binder::stored_name(std::string_view name) const {
  return model_->checkpoint->container == Checkpoint::Container::gguf ? gguf_tensor_name(name) : std::string(name);
}

const StoredTensor* Binder::find(std::string_view name) const {
  if (const StoredTensor* found = model_->checkpoint->find(stored_name(name))) return found;
  // The first BERT checkpoints name a norm's weight and bias so.
  const auto renamed = [&](std::string_view now, std::string_view then) {
    if (!name.ends_with(now)) return static_cast<const StoredTensor*>(nullptr);
    return model_->checkpoint->find(message(name.substr(0, name.size() - now.size()), then));
  };
  const StoredTensor* gamma = renamed("LayerNorm.weight", "LayerNorm.gamma");
  return gamma ? gamma : renamed("LayerNorm.bias", "LayerNorm.beta");
}

const StoredTensor& Binder::expect(std::string_view name, const std::vector<int64_t>& shape) const {
  const StoredTensor* tensor = find(name);
  if (!tensor)
    throw Error(Status::corrupt,
                message(stored_name(name), ": expected ", shape_text(shape), ", found no such tensor"));
  const bool only_named = !tensor->data && tensor->shape.empty();   // enough for a plan
  // A matrix of one row is stored with either number of axes.
  const bool one_row = shape.size() == 2 && shape[0] == 1 && tensor->shape == std::vector{shape[1]};
  if (tensor->shape != shape && !only_named && !one_row)
    throw Error(Status::corrupt,
                message(tensor->name, ": expected ", shape_text(shape), ", found ", shape_text(tensor->shape)));
  const bool is_vector = shape.size() == 1;
  const bool is_f8 = tensor->dtype == Dtype::f8_e4m3;
  if (!is_float(tensor->dtype) && (is_vector || !(is_f8 || is_block_type(tensor->dtype))))
    throw Error(Status::unsupported, message(tensor->name, ": expected ", is_vector ? "floats" : "floats or blocks",
                                             ", found ", hadal::name(tensor->dtype)));
  f8_scales(*model_->checkpoint, *tensor);   // are there and fit
  return *tensor;
}

const Weight& Binder::add(Weight weight) const {
  if (model_->weights.size() == model_->weights.capacity())
    throw Error(Status::internal, message(weight.name, ": bound more weights than the file has tensors"));
  weight.index = int32_t(model_->weights.size());
  weight.source = model_->source.get();
  return model_->weights.emplace_back(std::move(weight));
}

const Weight& Binder::bind(std::string name, const std::vector<int64_t>& shape) const {
  const StoredTensor& tensor = expect(name, shape);
  const int64_t rows = shape.size() == 1 ? 1 : shape[0], cols = shape.back();
  Weight weight;
  weight.name = std::move(name);
  weight.dtype = tensor.dtype;
  weight.rows = rows;
  weight.cols = cols;
  weight.data = tensor.data;
  return add(std::move(weight));
}

const Weight& Binder::experts(std::string_view name, int64_t count, int64_t rows, int64_t cols) const {
  Weight weight;
  weight.name = message(prefix_, "experts.", name, ".weight");
  weight.rows = rows;
  weight.cols = cols;
  weight.parts.reserve(size_t(count));
  if (const StoredTensor* stacked = find(weight.name)) {
    weight.dtype = expect(weight.name, {count, rows, cols}).dtype;
    const size_t bytes = weight.part_bytes();
    for (int64_t e = 0; e < count; ++e)
      weight.parts.push_back({stacked->data ? stacked->data + size_t(e) * bytes : nullptr});
    return add(std::move(weight));
  }
  for (int64_t e = 0; e < count; ++e) {
    const StoredTensor& tensor = expect(message(prefix_, "experts.", e, ".", name, ".weight"), {rows, cols});
    if (e > 0 && tensor.dtype != weight.dtype)
      throw Error(Status::unsupported, message(tensor.name, ": expected ", hadal::name(weight.dtype), " as expert 0, found ",
                                               hadal::name(tensor.dtype)));
    weight.dtype = tensor.dtype;
    weight.parts.push_back({tensor.data});
  }
  return add(std::move(weight));
}

Graph::LatentHeads Binder::latent_heads(int64_t heads, int64_t nope_dim, int64_t value_dim, int64_t rank) const {
  const bool joint = has("kv_b_proj.weight");
  if (joint && (has("k_b_proj.weight") || has("v_b_proj.weight")))
    throw Error(Status::corrupt, message(stored_name(prefix_ + "kv_b_proj.weight"),
                                         ": expected it joint or split in two, found both"));
  const auto stack = [&](std::string_view name, const StoredTensor& tensor, int64_t rows, int64_t cols, int64_t first,
                         int64_t apart) -> const Weight& {
    Weight weight;
    weight.name = message(prefix_, name, ".weight");
    weight.dtype = tensor.dtype;
    weight.rows = rows;
    weight.cols = cols;
    const size_t row_bytes = bytes_of(weight.dtype, cols);
    for (int64_t h = 0; h < heads; ++h)
      weight.parts.push_back({tensor.data ? tensor.data + size_t(first + h * apart) * row_bytes : nullptr});
    return add(std::move(weight));
  };
  Graph::LatentHeads found;
  if (joint) {
    const int64_t apart = nope_dim + value_dim;
    const StoredTensor& tensor = expect(prefix_ + "kv_b_proj.weight", {heads * apart, rank});
    found.k = &stack("k_b_proj", tensor, nope_dim, rank, 0, apart);
    found.v = &stack("v_b_proj", tensor, value_dim, rank, nope_dim, apart);
    return found;
  }
  const bool split = has("k_b_proj.weight") || has("v_b_proj.weight");
  if (!split) expect(prefix_ + "kv_b_proj.weight", {heads * (nope_dim + value_dim), rank});   // says what is missing
  found.k = &stack("k_b_proj", expect(prefix_ + "k_b_proj.weight", {heads, rank, nope_dim}), rank, nope_dim, 0, rank);
  found.v = &stack("v_b_proj", expect(prefix_ + "v_b_proj.weight", {heads, value_dim, rank}), value_dim, rank, 0,
                   value_dim);
  found.k_transposed = true;
  return found;
}

const Weight& Binder::matrix(std::string_view name, int64_t rows, int64_t cols) const {
  return bind(message(prefix_, name, ".weight"), {rows, cols});
}

const Weight& Binder::vector(std::string_view name, int64_t length) const {
  return bind(message(prefix_, name, ".weight"), {length});
}

Graph::Linear Binder::rows_of(std::string_view name, int64_t rows, int64_t cols, std::string_view part, int64_t first,
                              int64_t count) const {
  const StoredTensor& tensor = expect(message(prefix_, name, ".weight"), {rows, cols});
  if (tensor.dtype == Dtype::f8_e4m3)
    throw Error(Status::unsupported, message(tensor.name, ": expected floats or blocks, found f8_e4m3"));
  Weight weight;
  weight.name = message(prefix_, part, ".weight");
  weight.dtype = tensor.dtype;
  weight.rows = count;
  weight.cols = cols;
  if (tensor.data) weight.data = tensor.data + size_t(first) * bytes_of(tensor.dtype, cols);
  return {&add(std::move(weight)), nullptr};
}

Graph::Linear Binder::linear(std::string_view name, int64_t rows, int64_t cols, bool bias) const {
  Graph::Linear projection;
  projection.weight = &matrix(name, rows, cols);
  if (bias) projection.bias = &bind(message(prefix_, name, ".bias"), {rows});
  return projection;
}

}  // namespace hadal
