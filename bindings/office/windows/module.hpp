// This DLL as a file, under whatever name it was loaded.
#pragma once

#include <string>

#include "text.hpp"

HMODULE this_module() noexcept;
std::wstring module_path();
