// What the machine can do at most, measured next to what we did.
#pragma once

#include <memory>

#include "core/task_runner.hpp"

namespace hadal {

// The calling thread alone for 1, else a pool.
std::unique_ptr<TaskRunner> make_bench_runner(int threads);

// Bytes read per second by all workers, in GB/s.
double read_probe(TaskRunner& runner);

// int8 multiply-adds by all workers in Gop/s (a multiply-add is two): vpmaddubsw and vpaddw with a vpmaddwd every
// eighth time, accumulators in registers; 0 where there is no AVX2.
double int8_probe(TaskRunner& runner);

}  // namespace hadal
