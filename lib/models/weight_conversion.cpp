#include "models/weight_conversion.hpp"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/f8_tensors.hpp"
#include "quant/matrix_rows.hpp"

namespace hadal {
namespace {

int64_t blocks_of(int64_t values) { return (values + kScaleBlock - 1) / kScaleBlock; }
int64_t grid_of(const Weight& weight) { return blocks_of(weight.rows) * blocks_of(weight.cols); }
int64_t parts_of(const Weight& weight) { return weight.is_stack() ? int64_t(weight.parts.size()) : 1; }

// Embedding, head, router, norms and what joins the draft layer's inputs stay as they are in DeepSeek's FP8 releases.
bool published_as_f8(std::string_view role, std::span<const int64_t> shape) {
  if (shape.size() < 2 || role == "token_embd.weight" || role == "output.weight") return false;
  const auto contains = [&](std::string_view part) { return role.find(part) != role.npos; };
  for (const std::string_view kept : {"_norm", "ffn_gate_inp", "exp_probs_b", "indexer.proj", "eh_proj", "embed_tokens",
                                      "shared_head", ".bias"})
    if (contains(kept)) return false;
  return true;
}

}  // namespace

WeightConversion::WeightConversion(TextModel& model, std::string_view type)
    : model_(model), origins_(*model.checkpoint), job_(quantize_job(model.checkpoint)), pieces_(model.weights.size()),
      made_(model.weights.size()) {
  std::unordered_map<const StoredTensor*, size_t> number;
  for (size_t i = 0; i < job_.tensors.size(); ++i) number.emplace(job_.tensors[i].stored, i);

  std::vector<size_t> first(model.weights.size());   // the tensor that a weight, or its first part, comes from
  for (const Weight& weight : model.weights) {
    const bool read = weight.is_stack() ? weight.parts[0].data : weight.data;
    const StoredTensor* tensor = !read               ? origins_.named(weight)
                                 : weight.is_stack() ? origins_.of(weight, 0).tensor
                                                     : origins_.of(weight).tensor;
    const auto found = number.find(tensor);
    if (found == number.end()) throw Error(Status::internal, message(weight.name, ": comes from no tensor"));
    first[size_t(weight.index)] = found->second;
    QuantizeTensor& known = job_.tensors[found->second];
    if (known.shape.empty() && !read)   // only named by an index: the rules look at the last axis and at how many there are
      known.shape = weight.is_vector() ? std::vector{weight.cols} : std::vector{weight.rows, weight.cols};
  }
  choose(type);
  for (Weight& weight : model.weights) {
    const Dtype to = types_[first[size_t(weight.index)]];
    if (to == weight.dtype) continue;
    const bool read = weight.is_stack() ? weight.parts[0].data : weight.data;
    auto& pieces = pieces_[size_t(weight.index)];
    for (int64_t p = 0; read && p < parts_of(weight); ++p) {
      const WeightOrigin origin = weight.is_stack() ? origins_.of(weight, p) : origins_.of(weight);
      const size_t tensor = number.at(origin.tensor);
      if (types_[tensor] != to)
        throw Error(Status::unsupported, message(origin.tensor->name, ": expected ", name(to),
                                                 " as the rest of its stack, found ", name(types_[tensor])));
      pieces.push_back({tensor, origin.first_row});
    }
    weight.dtype = to;
    weight.data = nullptr;
    weight.source = nullptr;
    weight.scale_inv = nullptr;
    weight.scale_row = 0;
    for (WeightPart& part : weight.parts) part = {};
  }
}

void WeightConversion::choose(std::string_view type) {
  if (type != "f8") {
    types_ = choose_types(job_, quant_mix(type));
    return;
  }
  for (const QuantizeTensor& tensor : job_.tensors)
    types_.push_back(published_as_f8(tensor.role, tensor.shape) ? Dtype::f8_e4m3 : tensor.from);
}

int64_t WeightConversion::rows_at_once(const Weight& weight) const {
  const int64_t rows = std::max<int64_t>(1, kQuantizePiece / weight.cols);
  // FP8: whole rows of blocks.
  return weight.dtype == Dtype::f8_e4m3 ? std::max<int64_t>(1, rows / kScaleBlock) * kScaleBlock : rows;
}

uint64_t WeightConversion::working_bytes() const {
  int64_t values = 0;
  for (const Weight& weight : model_.weights)
    if (converts(weight)) values = std::max(values, std::min(rows_at_once(weight), weight.rows) * weight.cols);
  return uint64_t(values) * sizeof(float);
}

size_t WeightConversion::largest_bytes() const {
  size_t largest = 0;
  for (const Weight& weight : model_.weights)
    if (converts(weight)) largest = std::max(largest, weight.bytes());
  return largest;
}

void WeightConversion::make(const Weight& of, bool in_passing, const std::shared_ptr<Host>& host, TaskRunner& runner) {
  if (!converts(of)) return;
  Weight& weight = model_.weights[size_t(of.index)];
  Made& made = made_[size_t(of.index)];
  if (values_.size() == 0) values_ = Buffer(host, size_t(working_bytes()), "converting weights");
  if (in_passing && passing_.size() > 0) made.bytes = std::move(passing_);
  else made.bytes = Buffer(host, in_passing ? largest_bytes() : weight.bytes(), weight.name);
  const bool is_f8 = weight.dtype == Dtype::f8_e4m3;
  if (is_f8) made.scales = Buffer(host, size_t(parts_of(weight) * grid_of(weight)) * sizeof(float), weight.name);

  std::byte* bytes = made.bytes.data();
  float* scales = reinterpret_cast<float*>(made.scales.data());
  for (const Piece& piece : pieces_[size_t(of.index)]) {
    convert(weight, piece, bytes, scales, runner);
    const int64_t p = &piece - pieces_[size_t(of.index)].data();
    if (weight.is_stack()) weight.parts[size_t(p)] = {bytes, scales, 0};
    else weight.data = bytes, weight.scale_inv = scales;
    bytes += weight.part_bytes();
    if (is_f8) scales += grid_of(weight);
  }
}

void WeightConversion::convert(const Weight& weight, const Piece& piece, std::byte* out, float* scales,
                               TaskRunner& runner) {
  const QuantizeTensor& tensor = job_.tensors[piece.tensor];
  const StoredTensor& stored = *tensor.stored;
  const Checkpoint::SourceFile& file = model_.checkpoint->files[size_t(stored.file)];
  const size_t row_bytes = bytes_of(stored.dtype, weight.cols);
  const int64_t cols = weight.cols, at_once = rows_at_once(weight);
  const bool is_f8 = weight.dtype == Dtype::f8_e4m3;
  auto* const values = reinterpret_cast<float*>(values_.data());
  if (tensor.scales) check_f8_scales(*tensor.scales);
  std::atomic<bool> numbers = true;
  for (int64_t first = 0; first < weight.rows; first += at_once) {
    const int64_t here = std::min(at_once, weight.rows - first);
    const int64_t task_rows = is_f8 ? kScaleBlock : std::max<int64_t>(1, (here + 31) / 32);
    runner.run(0, (here + task_rows - 1) / task_rows, [&](int64_t task, int) {
      const int64_t row = task * task_rows, rows = std::min(task_rows, here - row);
      float* const own = values + row * cols;
      std::byte* const to = out + bytes_of(weight.dtype, (first + row) * cols);
      if (!is_f8) {
        if (!convert_rows(tensor, weight.dtype, piece.first_row + first + row, rows, own, to)) numbers = false;
        return;
      }
      tensor.read(piece.first_row + first + row, rows, own);
      encode_f8_rows(own, rows, cols, to, scales + (first + row) / kScaleBlock * blocks_of(cols));
      if (has_nan_e4m3(to, rows * cols)) numbers = false;
    });
    if (!numbers)
      throw Error(Status::corrupt, message(stored.name, ": expected numbers, found NaN among its values"));
    // From the piece's first row on, so that pages which two rounds share go too.
    file.file->forget(stored.offset + size_t(piece.first_row) * row_bytes, size_t(first + here) * row_bytes);
  }
}

void WeightConversion::drop(const Weight& of) {
  if (!converts(of)) return;
  Weight& weight = model_.weights[size_t(of.index)];
  Made& made = made_[size_t(of.index)];
  if (made.bytes.size() == largest_bytes()) passing_ = std::move(made.bytes);
  made = {};
  weight.data = nullptr;
  weight.scale_inv = nullptr;
  for (WeightPart& part : weight.parts) part = {};
}

}  // namespace hadal
