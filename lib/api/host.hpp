// The caller's hadal_host as a Host, with the system's services where it leaves one out.
#pragma once

#include <memory>

#include "core/host.hpp"
#include "core/task_runner.hpp"
#include "hadal/hadal.h"

namespace hadal::api {

// Throws Error(invalid_argument) for a group of functions given in part.
std::shared_ptr<Host> make_host(const hadal_host* given);
// nullptr if the host brings no parallel_for. The host must outlive the runner.
std::unique_ptr<TaskRunner> make_runner(const std::shared_ptr<Host>& host);

}  // namespace hadal::api
