// What the tool asks of the operating system: platform_posix.cpp and platform_windows.cpp. Texts are UTF-8.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace platform {

void prepare();   // first of all: bytes leave as they are written, escape sequences work where they can
std::vector<std::string> arguments(int argc, char** argv);

std::FILE* open_file(const std::string& path, const char* mode);
// A half-written file goes; a device or pipe that was named as one stays.
void remove_file(const std::string& path);
// The path of a file in the user's cache folder if it is there, else "".
std::string cached_file(const std::string& name);

double peak_memory_mb();

bool is_terminal(std::FILE* stream);
bool shows_colour();   // a terminal of standard output that understands escape sequences
int columns();         // of the terminal, 0 if unknown

}  // namespace platform
