// What is compared: the reference, and every other backend in each of its instruction set levels.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/backend.hpp"

namespace hadal::test {

Backend& reference();

// Every other backend of this build with these options, one per instruction set level that runs here; what cannot run
// is reported as skipped.
std::vector<std::unique_ptr<Backend>> backends_under_test(const BackendOptions& options = {});

std::string label(const Backend& backend);

}  // namespace hadal::test
