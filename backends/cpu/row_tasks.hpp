// How row-wise work is cut into tasks: too little for two threads is one task.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/tensor.hpp"

namespace hadal::cpu {

struct RowTasks {
  // Values of a task: some microseconds of work. Twice that is not worth sharing.
  static constexpr int64_t kValues = 1 << 14;

  int64_t rows = 0;
  int64_t rows_per_task = 1;

  explicit RowTasks(const Tensor& result) : rows(result.rows) {
    rows_per_task = rows * result.cols <= 2 * kValues ? std::max<int64_t>(rows, 1)
                                                      : std::max<int64_t>(kValues / result.cols, 1);
  }
  int64_t count() const { return (rows + rows_per_task - 1) / rows_per_task; }
  int64_t begin(int64_t task) const { return task * rows_per_task; }
  int64_t end(int64_t task) const { return std::min(rows, begin(task) + rows_per_task); }
};

}  // namespace hadal::cpu
