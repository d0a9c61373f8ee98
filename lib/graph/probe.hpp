// What this machine could do at best, measured: the limits every speed is reported beside.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/task_runner.hpp"

namespace hadal {

struct ProbeResult {
  double read_gbs = 0;    // 10^9 bytes read from memory per second, all workers together
  double int8_gops = 0;   // 10^9 int8 multiplications and additions per second, each counted as one
  std::string level;      // instruction set that was measured
};

// About 0.3 s for each number. level: as the option `cpu`, "" for the best. Throws Error(invalid_argument,
// unsupported) for a level, Error(out_of_memory). Defined in backends/cpu.
ProbeResult probe_machine(const std::shared_ptr<Host>& host, TaskRunner& runner, std::string_view level);

}  // namespace hadal
