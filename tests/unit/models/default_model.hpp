// Where tests find the default model.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace hadal::test {

// HADAL_TEST_MODEL, or the file ./demo.sh keeps in the user's cache folder; nothing if it is not there.
inline std::optional<std::string> default_model() {
  std::filesystem::path path;
  if (const char* given = std::getenv("HADAL_TEST_MODEL")) {
    path = given;
  } else {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const std::filesystem::path base = cache ? std::filesystem::path(cache) : std::filesystem::path(home ? home : "") / ".cache";
    path = base / "hadal" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  }
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path.string();
}

// More prompts and positions than an ordinary run has time for.
inline bool long_tests() { return std::getenv("HADAL_TEST_LONG") != nullptr; }
inline bool short_tests() { return std::getenv("HADAL_TEST_SHORT") != nullptr; }   // for sanitizer builds

}  // namespace hadal::test
