#include "platform.hpp"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace platform {

void prepare() {}

std::vector<std::string> arguments(int argc, char** argv) { return {argv, argv + argc}; }

std::FILE* open_file(const std::string& path, const char* mode) { return std::fopen(path.c_str(), mode); }

void remove_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(std::filesystem::symlink_status(path, ignored)))
    std::filesystem::remove(path, ignored);
}

std::string cached_file(const std::string& name) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder;
  if (cache != nullptr && *cache != '\0') folder = cache;
  else if (home != nullptr) folder = std::filesystem::path(home) / ".cache";
  else return "";
  const std::filesystem::path file = folder / "hadal" / name;
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored) ? file.string() : "";
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) != 0; }

bool shows_colour() {
  const char* kind = std::getenv("TERM");
  return is_terminal(stdout) && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

int columns() {
  winsize size{};
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 0;
}

}  // namespace platform
