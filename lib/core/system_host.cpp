#include "core/host.hpp"
