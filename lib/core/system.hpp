// What each operating system does in its own way, apart from opening files (core/host.hpp): system_posix.cpp and
// system_windows.cpp. Paths and environment are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "core/function_ref.hpp"

namespace hadal {

// Processors this process may use at once (its affinity mask, where the system has one); at least 1.
int usable_processors();

// Memory of this machine that could be used now, 0 if unknown.
uint64_t available_memory();

// Asks for large pages under a block, where the system hands them out on demand.
void prefer_large_pages(void* block, size_t size) noexcept;

// Threads started inside `start` handle no signals: those belong to the host's threads.
void start_without_signals(FunctionRef<void()> start);

// For debuggers and task lists. At most 15 bytes are kept by some systems.
void name_this_thread(const std::string& name);

// An environment variable, "" if there is none.
std::string environment(const char* name);

// A new, empty file, or NULL.
std::FILE* create_file(const std::string& path);
// Puts `from` in the place of `to`, which may exist; false if that failed.
bool replace_file(const std::string& from, const std::string& to);
void remove_file(const std::string& path) noexcept;

}  // namespace hadal
