// Runs a fuzz target without libFuzzer, as an ordinary test: every seed of a folder, then fixed mutations of the seeds.
// Without such a folder it starts from noise.
//   fuzz_NAME CORPUS [LAST]
// With LAST each input is written to that file before it runs, so after a crash the file holds the culprit.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutations = 5000;
constexpr std::chrono::milliseconds kLongest{2500};   // slow builds stop early
constexpr size_t kLargest = 1 << 20;

std::vector<std::string> noise() {
  std::mt19937 random(2);
  std::vector<std::string> seeds;
  for (const size_t length : {1, 8, 64, 512, 4096}) {
    seeds.emplace_back(length, '\0');
    for (char& c : seeds.back()) c = char(random());
    seeds.emplace_back(length, '\0');
    for (char& c : seeds.back()) c = char(' ' + random() % 95);
  }
  return seeds;
}

std::vector<std::string> read_seeds(const char* folder) {
  if (!std::filesystem::is_directory(folder)) return noise();
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

// 1 to 6 edits: set, flip, drop, repeat, an extreme number, a piece of another seed.
std::string mutated(std::string text, const std::vector<std::string>& seeds, std::mt19937& random) {
  constexpr uint64_t kExtremes[] = {0, 1, 127, 128, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, uint64_t{1} << 62,
                                    uint64_t{1} << 63, UINT64_MAX};
  for (unsigned edits = 1 + random() % 6; edits > 0; --edits) {
    const size_t at = text.empty() ? 0 : random() % text.size();
    const size_t length = std::min<size_t>(text.size() - at, 1 + random() % 32);
    switch (random() % 7) {
      case 0: if (!text.empty()) text[at] = char(random()); break;
      case 1: if (!text.empty()) text[at] ^= char(1 << random() % 8); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4: text.resize(at); break;
      case 5: {
        const size_t width = std::min(text.size() - at, size_t{1} << random() % 4);
        const uint64_t extreme = kExtremes[random() % std::size(kExtremes)];
        text.replace(at, width, reinterpret_cast<const char*>(&extreme), width);
        break;
      }
      default: {
        const std::string& other = seeds[random() % seeds.size()];
        if (!other.empty()) text.insert(at, other.substr(random() % other.size(), 1 + random() % 64));
      }
    }
  }
  if (text.size() > kLargest) text.resize(kLargest);
  return text;
}

void run(const std::string& text, const char* last) {
  if (last) std::ofstream(last, std::ios::binary) << text;
  const std::vector<uint8_t> exact(text.begin(), text.end());   // so that a sanitizer sees one byte too far
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " CORPUS [LAST]\n";
    return 2;
  }
  const std::vector<std::string> seeds = read_seeds(argv[1]);
  if (seeds.empty()) {
    std::cerr << argv[1] << ": no seeds\n";
    return 1;
  }
  const char* last = argc > 2 ? argv[2] : nullptr;
  const auto start = std::chrono::steady_clock::now();
  run({}, last);
  for (const std::string& seed : seeds) run(seed, last);
  std::mt19937 random(1);
  int done = 0;
  for (; done < kMutations && std::chrono::steady_clock::now() - start < kLongest; ++done)
    run(mutated(seeds[random() % seeds.size()], seeds, random), last);
  std::cout << seeds.size() << " seeds, " << done << " mutations\n";
  return 0;
}
