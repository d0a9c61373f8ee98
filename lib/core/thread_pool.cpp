#include "core/task_runner.hpp"
