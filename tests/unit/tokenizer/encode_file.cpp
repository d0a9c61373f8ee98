// A developer's tool behind tests/golden/recipes/tokenizer_compare.py: encodes many texts and prints their ids.
//   encode_file MODEL TEXTS special|plain|time
// TEXTS: for each text its size as 32 bits, little endian, then its bytes. One line of ids per text; "time" prints
// CPU seconds to load and to encode all texts.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/host.hpp"
#include "core/status.hpp"
#include "formats/checkpoint.hpp"
#include "tokenizer/tokenizer.hpp"

namespace {

// Of this process: other programs on the machine do not count.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

long resident_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
  return 0;
}

int run(const char* model, const char* texts_path, const std::string& mode) {
  const std::string bytes = read_file(texts_path);
  std::vector<std::string_view> texts;
  for (size_t at = 0; at + 4 <= bytes.size();) {
    size_t size = 0;
    for (size_t i = 0; i < 4; ++i) size |= static_cast<size_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    texts.push_back(std::string_view(bytes).substr(at + 4, size));
    at += 4 + size;
  }
  const auto checkpoint = hadal::open_checkpoint(hadal::system_host(), model, true);
  const long before = resident_kb();
  const double start = cpu_seconds();
  const auto tokenizer = hadal::load_tokenizer(*checkpoint);
  const double load = cpu_seconds() - start;
  if (mode == "time") {
    std::printf("load %.1f ms, %ld KB more\n", load * 1e3, resident_kb() - before);
    for (int round = 0; round < 3; ++round) {
      std::vector<int32_t> ids;
      size_t size = 0;
      const double begin = cpu_seconds();
      for (const std::string_view text : texts) tokenizer->encode(text, true, ids), size += text.size();
      const double spent = cpu_seconds() - begin;
      std::printf("%zu bytes, %zu ids, %.3f s, %.1f MB/s\n", size, ids.size(), spent,
                  static_cast<double>(size) / spent / 1e6);
    }
    return 0;
  }
  std::string line;
  for (const std::string_view text : texts) {
    std::vector<int32_t> ids;
    tokenizer->encode(text, mode == "special", ids);
    line.clear();
    for (const int32_t id : ids) line += (line.empty() ? "" : ",") + std::to_string(id);
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("encode_file MODEL TEXTS special|plain|time\n", stderr), 2;
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const hadal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
