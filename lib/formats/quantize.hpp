// Converts a model into a GGUF file of other number formats, one piece of one tensor at a time: memory stays at a few
// megabytes whatever the model's size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/function_ref.hpp"
#include "core/host.hpp"
#include "core/task_runner.hpp"
#include "formats/byte_sink.hpp"
#include "formats/checkpoint.hpp"
#include "formats/gguf_writer.hpp"
#include "formats/quant_mix.hpp"

namespace hadal {

// One tensor of the new file.
struct QuantizeTensor {
  std::string name;
  std::string role;               // the name that GGUF files use, by which the mix's rules go
  std::vector<int64_t> shape;     // of the new tensor, slowest axis first
  Dtype from;                     // what its values are now
  // f32 values of rows [first, first + rows) of shape.back() values each. Called from several threads; must not throw.
  std::function<void(int64_t first, int64_t rows, float* out)> read;
  // The stored tensor with just these values in this order, if there is one: its bytes are copied when the format
  // stays, and integers, which are never converted, need it.
  const StoredTensor* stored = nullptr;
  // The scales that `read` multiplies FP8 codes with; they are checked before the first call.
  const StoredTensor* scales = nullptr;
};

struct QuantizeJob {
  std::shared_ptr<const Checkpoint> source;
  std::vector<QuantizeTensor> tensors;                 // in the order of the new file
  std::function<void(GgufWriter&)> write_metadata;     // every entry but general.file_type and quantization_version
  MixFacts facts;
};

// A model as it is: same names, shapes, order and metadata. Of a model folder, the new file holds config and tokenizer
// too (folder_in_gguf.hpp).
QuantizeJob quantize_job(std::shared_ptr<const Checkpoint> source);

// The format that each of the job's tensors gets. Throws Error(unsupported) for one that cannot be converted.
std::vector<Dtype> choose_types(const QuantizeJob& job, const QuantMix& mix);

// Rows [first, first + rows) in format `to`: what quantize() writes for them, whatever the pieces. values: room for them
// as f32, filled. False if there is NaN among FP8 codes. Any thread.
bool convert_rows(const QuantizeTensor& tensor, Dtype to, int64_t first, int64_t rows, float* values, std::byte* out);

// Rows of this many values are converted at once: 4 MiB of f32, long enough to share, short enough to cancel.
inline constexpr int64_t kQuantizePiece = int64_t{1} << 20;

// How far the stored values moved, over all values of a tensor. A copied tensor has not moved.
struct QuantizeError {
  std::string name;
  Dtype from, to;
  int64_t elements;
  double rmse;       // root of the mean squared difference
  double max;        // largest absolute difference
  double rms;        // of the values themselves, to compare rmse with
};

struct QuantizeReport {
  std::vector<QuantizeError> tensors;
  uint64_t tensor_bytes = 0;       // of the new file
};

struct QuantizeProgress {
  const QuantizeTensor* tensor;
  Dtype to;
  size_t index, count;             // of the tensor
  uint64_t values_done, values;    // over all tensors
};

// Called between pieces; false stops with Error(cancelled).
using QuantizeCallback = FunctionRef<bool(const QuantizeProgress&)>;

// Throws Error(unsupported) if a format chosen has no encoder, Error(corrupt) naming an FP8 tensor whose codes or scales
// are no numbers, Error(io, out_of_memory, cancelled). What `out` has
// received by then is not a file.
QuantizeReport quantize(const std::shared_ptr<Host>& host, TaskRunner& runner, const QuantizeJob& job,
                        const QuantMix& mix, ByteSink& out, QuantizeCallback progress);

}  // namespace hadal
