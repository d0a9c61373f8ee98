// The processor's own name and what it can do, for a reader.
#pragma once

#include <string>
#include <vector>

namespace hadal::api {

struct CpuInfo {
  std::string name;
  std::vector<std::string> features;
};
CpuInfo cpu_info();

}  // namespace hadal::api
