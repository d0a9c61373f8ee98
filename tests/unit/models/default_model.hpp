// Where tests find the default models.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace hadal::test {

// What the environment variable says, else this name in the user's cache folder.
inline std::filesystem::path given_or_cached(const char* variable, const char* name) {
  if (const char* given = std::getenv(variable)) return given;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  return (cache ? std::filesystem::path(cache) : std::filesystem::path(home ? home : "") / ".cache") / "hadal" / name;
}

// HADAL_TEST_MODEL, or the file ./demo.sh keeps; nothing if it is not there.
inline std::optional<std::string> default_model() {
  const std::filesystem::path path = given_or_cached("HADAL_TEST_MODEL", "SmolLM2-135M-Instruct.Q4_1.gguf");
  return std::filesystem::exists(path) ? std::optional(path.string()) : std::nullopt;
}

// HADAL_TEST_EMBEDDER, or the folder ./test.sh keeps; nothing if it is not there.
inline std::optional<std::string> default_embedder() {
  const std::filesystem::path path = given_or_cached("HADAL_TEST_EMBEDDER", "all-MiniLM-L6-v2");
  return std::filesystem::exists(path / "model.safetensors") ? std::optional(path.string()) : std::nullopt;
}

// More prompts and positions than an ordinary run has time for.
inline bool long_tests() { return std::getenv("HADAL_TEST_LONG") != nullptr; }
inline bool short_tests() { return std::getenv("HADAL_TEST_SHORT") != nullptr; }   // for sanitizer builds

}  // namespace hadal::test
