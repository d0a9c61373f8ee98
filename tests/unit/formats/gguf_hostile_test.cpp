// Every cut, every flipped bit, every failing callback: a clean Error or a checkpoint that lies inside its bytes.
#include <doctest/doctest.h>

#include <random>

#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_host.hpp"
#include "unit/formats/small_files.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;

// Exactly the bytes, on the heap, so that a sanitizer sees the first step beyond them.
bool opens_or_fails_cleanly(const std::string& text) {
  const std::vector<char> exact(text.begin(), text.end());
  try {
    const auto file = open_gguf(system_host(), "hostile.gguf",
                                std::make_unique<MemoryFile>(std::as_bytes(std::span(exact))));
    for (const StoredTensor& tensor : file->tensors) {
      REQUIRE(tensor.offset <= exact.size());
      REQUIRE(tensor.bytes <= exact.size() - tensor.offset);
    }
    volatile unsigned sum = sum_of_bytes(*file);
    (void)sum;
    return true;
  } catch (const Error& error) {
    const bool expected = error.status() == Status::corrupt || error.status() == Status::unsupported;
    CHECK_MESSAGE(expected, error.what());
    return false;
  }
}

}  // namespace

TEST_CASE("a GGUF file cut at any byte of its header, or anywhere in its data, is refused") {
  const GgufBuilder gguf = small_gguf();
  const std::string file = gguf.file();
  const size_t header = gguf.header().size();
  for (size_t length = 0; length < header; ++length) {
    CAPTURE(length);
    CHECK(!opens_or_fails_cleanly(file.substr(0, length)));
  }
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i)
    CHECK(!opens_or_fails_cleanly(file.substr(0, header + random() % (file.size() - header))));
  CHECK(opens_or_fails_cleanly(file));
}

TEST_CASE("a GGUF file with any bit of its header flipped opens inside its bytes or is refused") {
  const GgufBuilder gguf = small_gguf();
  std::string file = gguf.file();
  int opened = 0;
  const size_t header = gguf.header().size();
  for (size_t bit = 0; bit < header * 8; ++bit) {
    file[bit / 8] ^= char(1 << bit % 8);
    opened += opens_or_fails_cleanly(file);
    file[bit / 8] ^= char(1 << bit % 8);
  }
  CHECK(opened > 0);                  // a flipped letter of a name is still a name
  CHECK(opened < int(header) * 8);
}

TEST_CASE("random edits of a GGUF file never reach outside its bytes") {
  const std::string original = small_gguf().file();
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string file = original;
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % file.size();
      switch (random() % 4) {
        case 0: file[at] = char(random()); break;
        case 1: file.erase(at, random() % 16); break;
        case 2: file.insert(at, numbered_bytes(random() % 16, random())); break;
        case 3: {
          const uint64_t sizes[] = {0, 1, uint64_t{1} << 31, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX};
          file.replace(at, std::min<size_t>(8, file.size() - at), reinterpret_cast<const char*>(&sizes[random() % 6]), 8);
        }
      }
    }
    opens_or_fails_cleanly(file);
  }
}

TEST_CASE("a file that cannot be mapped is read into the host's memory and given back") {
  auto host = std::make_shared<MemoryHost>();
  host->maps = false;
  host->files["m.gguf"] = small_gguf().file();
  {
    const auto file = open_checkpoint(host, "m.gguf");
    CHECK(host->lent_bytes == host->files["m.gguf"].size());
    const auto mapped = open_bytes(host->files["m.gguf"]);
    CHECK(sum_of_bytes(*file) == sum_of_bytes(*mapped));
  }
  CHECK(host->lent_bytes == 0);
  CHECK(host->open_files == 0);
}

TEST_CASE("callbacks that fail half-way, or memory that is refused, leave nothing behind") {
  auto host = std::make_shared<MemoryHost>();
  host->maps = false;
  host->files["m.gguf"] = small_gguf().file();
  for (const uint64_t readable : {0, 3, 4, 10, 27, 28, 100, 500}) {
    host->readable_bytes = readable;
    sentence_of(Status::io, [&] { open_gguf(host, "m.gguf", host->open("m.gguf")); });
    CHECK(host->lent_bytes == 0);
    CHECK(host->open_files == 0);
  }
  host->readable_bytes = UINT64_MAX;
  host->allocatable_bytes = 100;
  CHECK(mentions(sentence_of(Status::out_of_memory, [&] { open_checkpoint(host, "m.gguf"); }), "m.gguf"));
  CHECK(host->open_files == 0);
}

TEST_CASE("a huge file that is no GGUF is refused before it is read") {
  auto host = std::make_shared<MemoryHost>();
  host->maps = false;
  host->files["m.gguf"] = "GGUB" + std::string(1 << 20, 'x');
  host->readable_bytes = 64;
  sentence_of(Status::corrupt, [&] { open_gguf(host, "m.gguf", host->open("m.gguf")); });
}
