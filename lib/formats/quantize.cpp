#include "formats/quantize.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/buffer.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/f8_tensors.hpp"
#include "formats/folder_in_gguf.hpp"
#include "quant/block_format.hpp"
#include "quant/matrix_rows.hpp"

namespace hadal {
namespace {

int64_t value_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  return count;
}

int64_t row_length(const std::vector<int64_t>& shape) { return shape.empty() ? 1 : shape.back(); }

[[noreturn]] void refuse_nan(const std::string& name) {
  throw Error(Status::corrupt, message(name, ": expected numbers, found NaN among its FP8 codes"));
}

struct Moved {
  double squared_error = 0, squared = 0, max = 0;
};

Moved compare(const float* before, const float* after, int64_t count) {
  Moved moved;
  for (int64_t i = 0; i < count; ++i) {
    const double difference = double(after[i]) - double(before[i]);
    moved.squared_error += difference * difference;
    moved.squared += double(before[i]) * double(before[i]);
    moved.max = std::max(moved.max, std::fabs(difference));
  }
  return moved;
}

class Converter {
 public:
  Converter(const std::shared_ptr<Host>& host, TaskRunner& runner, const QuantizeJob& job, GgufWriter& writer,
            QuantizeCallback progress)
      : host_(host), runner_(runner), job_(job), writer_(writer), progress_(progress) {
    for (const QuantizeTensor& tensor : job.tensors) values_ += uint64_t(value_count(tensor.shape));
  }

  QuantizeError convert(size_t index, Dtype to) {
    const QuantizeTensor& tensor = job_.tensors[index];
    const int64_t elements = value_count(tensor.shape);
    QuantizeError error{tensor.name, tensor.from, to, elements, 0, 0, 0};
    if (tensor.stored && tensor.stored->dtype == to) copy(index, to);
    else encode(index, to, error);
    if (tensor.stored && job_.source)
      job_.source->files[size_t(tensor.stored->file)].file->forget(tensor.stored->offset, tensor.stored->bytes);
    return error;
  }

 private:
  void report(size_t index, Dtype to, int64_t values_done) {
    const QuantizeTensor& tensor = job_.tensors[index];
    if (!progress_({&tensor, to, index, job_.tensors.size(), values_before_ + uint64_t(values_done), values_}))
      throw Error(Status::cancelled, message("quantising stopped at tensor ", quoted(tensor.name)));
    if (values_done == value_count(tensor.shape)) values_before_ += uint64_t(values_done);
  }

  void copy(size_t index, Dtype to) {
    const StoredTensor& stored = *job_.tensors[index].stored;
    constexpr size_t kStep = size_t{16} << 20;
    report(index, to, 0);
    for (size_t at = 0; at < stored.bytes; at += kStep)
      writer_.write({stored.data + at, std::min(kStep, stored.bytes - at)});
    report(index, to, value_count(job_.tensors[index].shape));
  }

  // Rows are shared out in tasks of equal size that do not depend on the number of threads, and their sums are added
  // in order, so the statistics do not depend on it either.
  void encode(size_t index, Dtype to, QuantizeError& error) {
    const QuantizeTensor& tensor = job_.tensors[index];
    const int64_t cols = row_length(tensor.shape), rows = value_count(tensor.shape) / cols;
    const int64_t piece_rows = std::min(rows, std::max<int64_t>(1, kQuantizePiece / cols));
    const int64_t task_rows = std::max<int64_t>(1, (piece_rows + 31) / 32);
    reserve(piece_rows * cols, bytes_of(to, piece_rows * cols));
    auto* before = reinterpret_cast<float*>(before_.data());
    auto* after = reinterpret_cast<float*>(after_.data());
    std::vector<Moved> moved(size_t((piece_rows + task_rows - 1) / task_rows));
    Moved total;
    if (tensor.scales) check_f8_scales(*tensor.scales);
    std::atomic<bool> numbers = true;
    for (int64_t first = 0; first < rows; first += piece_rows) {
      report(index, to, first * cols);
      const int64_t here = std::min(piece_rows, rows - first);
      const auto work = [&](int64_t task, int) {
        const int64_t row = task * task_rows, count = std::min(task_rows, here - row) * cols, at = row * cols;
        std::byte* blocks = blocks_.data() + bytes_of(to, at);
        if (!convert_rows(tensor, to, first + row, count / cols, before + at, blocks)) numbers = false;
        block_format(to).decode(blocks, after + at, count);
        moved[size_t(task)] = compare(before + at, after + at, count);
      };
      const int64_t tasks = (here + task_rows - 1) / task_rows;
      runner_.run(0, tasks, work);
      if (!numbers) refuse_nan(tensor.name);
      for (int64_t task = 0; task < tasks; ++task) {
        total.squared_error += moved[size_t(task)].squared_error;
        total.squared += moved[size_t(task)].squared;
        total.max = std::max(total.max, moved[size_t(task)].max);
      }
      writer_.write({blocks_.data(), bytes_of(to, here * cols)});
    }
    report(index, to, rows * cols);
    error.rmse = std::sqrt(total.squared_error / double(rows * cols));
    error.rms = std::sqrt(total.squared / double(rows * cols));
    error.max = total.max;
  }

  void reserve(int64_t values, size_t block_bytes) {
    const size_t f32_bytes = size_t(values) * sizeof(float);
    if (before_.size() < f32_bytes) {
      before_ = Buffer();   // the old one goes before the new one comes
      after_ = Buffer();
      before_ = Buffer(host_, f32_bytes, "quantising");
      after_ = Buffer(host_, f32_bytes, "quantising");
    }
    if (blocks_.size() < block_bytes) blocks_ = Buffer(host_, block_bytes, "quantising");
  }

  const std::shared_ptr<Host>& host_;
  TaskRunner& runner_;
  const QuantizeJob& job_;
  GgufWriter& writer_;
  QuantizeCallback progress_;
  Buffer before_, after_, blocks_;
  uint64_t values_ = 0, values_before_ = 0;
};

bool counts_as_attention_value(const std::string& name) {
  for (std::string_view part : {"attn_v.weight", "attn_qkv.weight", "attn_kv_b.weight"})
    if (name.find(part) != std::string::npos) return true;
  return false;
}

// 80 layers with grouped heads; attn_v is small there.
bool is_llama_70b(std::string_view architecture, int64_t layers, int64_t heads, int64_t shared_heads) {
  return architecture == "llama" && layers == 80 && shared_heads < heads;
}

MixFacts facts_of_folder(const Checkpoint& folder) {
  const auto integer = [&](std::string_view key) {
    const Json* value = folder.config.find(key);
    return value && value->as_integer() ? *value->as_integer() : 0;
  };
  MixFacts facts;
  facts.num_layers = integer("num_hidden_layers");
  facts.num_experts = integer("n_routed_experts");
  facts.has_output = folder.find("lm_head.weight") != nullptr;
  const Json* type = folder.config.find("model_type");
  const int64_t heads = integer("num_attention_heads"), shared = integer("num_key_value_heads");
  facts.is_llama_70b = type && type->as_string() &&
                       is_llama_70b(*type->as_string(), facts.num_layers, heads, shared > 0 ? shared : heads);
  return facts;
}

MixFacts facts_of_gguf(const Checkpoint& gguf) {
  MixFacts facts;
  const std::string architecture(gguf.metadata.string("general.architecture").value_or(""));
  const auto integer = [&](std::string_view key) -> std::optional<int64_t> {
    const MetadataValue* value = gguf.metadata.find(message(architecture, key));
    const bool scalar = value && (std::holds_alternative<int64_t>(*value) || std::holds_alternative<uint64_t>(*value));
    return scalar ? gguf.metadata.integer(message(architecture, key)) : std::nullopt;   // or one number per layer
  };
  facts.num_layers = integer(".block_count").value_or(0);
  facts.num_experts = integer(".expert_count").value_or(0);
  facts.has_output = gguf.find("output.weight") != nullptr;
  const int64_t heads = integer(".attention.head_count").value_or(0);
  facts.is_llama_70b =
      is_llama_70b(architecture, facts.num_layers, heads, integer(".attention.head_count_kv").value_or(heads));
  return facts;
}

}  // namespace

std::vector<Dtype> choose_types(const QuantizeJob& job, const QuantMix& mix) {
  MixChooser chooser(mix, job.facts, std::count_if(job.tensors.begin(), job.tensors.end(), [](const QuantizeTensor& t) {
                       return counts_as_attention_value(t.role);
                     }));
  std::vector<Dtype> types;
  for (const QuantizeTensor& tensor : job.tensors) {
    types.push_back(chooser.choose(tensor.role, tensor.shape, tensor.from));
    const Dtype to = types.back();
    const bool copied = tensor.stored && tensor.stored->dtype == to;
    if (!copied && (!block_format(to).encode || !tensor.read))
      throw Error(Status::unsupported, message("tensor ", quoted(tensor.name), ": cannot be converted from ",
                                               name(tensor.from), " to ", name(to)));
  }
  return types;
}

bool convert_rows(const QuantizeTensor& tensor, Dtype to, int64_t first, int64_t rows, float* values, std::byte* out) {
  const int64_t cols = row_length(tensor.shape);
  tensor.read(first, rows, values);
  block_format(to).encode(values, out, rows * cols, nullptr);
  return !tensor.scales || !has_nan_e4m3(tensor.stored->data + first * cols, rows * cols);
}

QuantizeJob quantize_job(std::shared_ptr<const Checkpoint> source) {
  const bool is_gguf = source->container == Checkpoint::Container::gguf;
  QuantizeJob job;
  job.facts = is_gguf ? facts_of_gguf(*source) : facts_of_folder(*source);
  for (const StoredTensor& stored : source->tensors) {
    if (is_f8_scales(*source, stored)) continue;   // part of the values of another tensor
    const StoredTensor* scales = f8_scales(*source, stored);
    const auto read = [&stored, scales](int64_t first, int64_t rows, float* out) {
      const int64_t cols = row_length(stored.shape);
      if (scales) decode_f8_rows(stored, *scales, first, rows, out);
      else decode(stored.dtype, stored.data + bytes_of(stored.dtype, first * cols), out, rows * cols);
    };
    job.tensors.push_back({stored.name, is_gguf ? stored.name : gguf_role(stored.name), stored.shape, stored.dtype, read,
                           &stored, scales});
  }
  job.write_metadata = [source, is_gguf](GgufWriter& writer) {
    if (is_gguf) writer.copy_entries(source->metadata);
    else write_folder_entries(*source, writer);
  };
  job.source = std::move(source);
  return job;
}

QuantizeReport quantize(const std::shared_ptr<Host>& host, TaskRunner& runner, const QuantizeJob& job,
                        const QuantMix& mix, ByteSink& out, QuantizeCallback progress) {
  const std::vector<Dtype> types = choose_types(job, mix);
  GgufWriter writer;
  if (job.write_metadata) job.write_metadata(writer);
  writer.set_u32("general.file_type", mix.file_type);
  writer.set_u32("general.quantization_version", 2);
  QuantizeReport report;
  for (size_t i = 0; i < types.size(); ++i) {
    writer.add_tensor(job.tensors[i].name, types[i], job.tensors[i].shape);
    report.tensor_bytes += bytes_of(types[i], value_count(job.tensors[i].shape));
  }
  writer.begin(out);
  Converter converter(host, runner, job, writer, progress);
  for (size_t i = 0; i < types.size(); ++i) report.tensors.push_back(converter.convert(i, types[i]));
  writer.finish();
  return report;
}

}  // namespace hadal
