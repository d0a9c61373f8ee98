// Turns a model's weights into other number formats while they are packed, one weight at a time: the option `weights`.
// The formats are chosen, and the bytes made, by the code of `hadal quantize`, so that a model loaded this way equals
// one quantised to a file first.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/buffer.hpp"
#include "core/task_runner.hpp"
#include "formats/quantize.hpp"
#include "models/text_model.hpp"
#include "models/weight_origin.hpp"

namespace hadal {

class WeightConversion {
 public:
  // Gives every weight the format that it will have. type: a name of quant_mixes(), or "f8": FP8 for the matrices that
  // DeepSeek publishes so, the others as they are. Nothing is read yet. The model must outlive this.
  // Throws Error(invalid_argument, unsupported).
  WeightConversion(TextModel& model, std::string_view type);

  // Makes the converted bytes of a weight, shared out over the runner, and points the weight at them; nothing if its
  // format stays. Pages of the file are given back on the way. in_passing: the backend is going to pack them; weights of
  // this kind share one buffer, since freed blocks of changing sizes would not all go back to the system.
  // Throws Error(corrupt, out_of_memory).
  void make(const Weight& weight, bool in_passing, const std::shared_ptr<Host>& host, TaskRunner& runner);
  // The backend has packed them.
  void drop(const Weight& weight);

  // Frees what only make() needs.
  void finish() {
    values_ = Buffer();
    passing_ = Buffer();
  }

  bool converts(const Weight& weight) const { return !pieces_[size_t(weight.index)].empty(); }
  // Host memory that make() needs beside the weight's own bytes.
  uint64_t working_bytes() const;

 private:
  // Rows of a tensor that become a weight, or one matrix of a stack.
  struct Piece {
    size_t tensor = 0;   // of the job
    int64_t first_row = 0;
  };
  struct Made {
    Buffer bytes, scales;
  };
  void choose(std::string_view type);
  void convert(const Weight& weight, const Piece& piece, std::byte* out, float* scales, TaskRunner& runner);
  int64_t rows_at_once(const Weight& weight) const;
  size_t largest_bytes() const;

  TextModel& model_;
  WeightOrigins origins_;
  QuantizeJob job_;
  std::vector<Dtype> types_;                  // beside job_.tensors
  std::vector<std::vector<Piece>> pieces_;    // by weight; empty where the format stays
  std::vector<Made> made_;                    // by weight
  Buffer values_;                             // f32 of the rows converted at once
  Buffer passing_;                            // for the largest weight; empty while one lies in it
};

}  // namespace hadal
