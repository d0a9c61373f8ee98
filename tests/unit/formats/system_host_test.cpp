// The operating system's files, through the host that a program without one gets.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "core/buffer.hpp"
#include "core/host.hpp"
#include "formats/checkpoint.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/formats/file_builder.hpp"
#include "unit/formats/small_files.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;
namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("hadal-formats-" + std::to_string(uintptr_t(this)))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
  fs::path path;
};

}  // namespace

TEST_CASE("system files are read by position, mapped, and forgotten without losing a byte") {
  const Folder folder;
  const std::string text = numbered_bytes(100000);
  const auto file = open_system_file(folder.file("data", text));
  CHECK(file->size() == text.size());
  std::string part(1000, '\0');
  file->read(54321, std::as_writable_bytes(std::span(part)));
  CHECK(part == text.substr(54321, 1000));
  const std::span<const std::byte> mapped = file->map();
  REQUIRE(mapped.size() == text.size());
  CHECK(file->map().data() == mapped.data());
  file->forget(0, UINT64_MAX);
  file->forget(5000, 20000);
  file->forget(UINT64_MAX, 1);
  CHECK(std::equal(mapped.begin(), mapped.end(), std::as_bytes(std::span(text)).begin()));
  sentence_of(Status::io, [&] { file->read(99999, std::as_writable_bytes(std::span(part))); });
  sentence_of(Status::io, [&] { file->read(UINT64_MAX, std::as_writable_bytes(std::span(part))); });
}

#if defined(__linux__)
namespace {

// Kilobytes of files that this process has mapped and touched.
int64_t resident_file_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (int64_t kilobytes = 0; word == "RssFile:" && status >> kilobytes) return kilobytes;
  return -1;
}

}  // namespace

TEST_CASE("a mapped file that is read and forgotten in pieces does not stay resident") {
  constexpr size_t kBytes = 96 << 20, kPiece = 250'001;   // pieces begin and end within pages
  const Folder folder;
  const auto file = open_system_file(folder.file("data", std::string(kBytes, 'x')));
  const std::span<const std::byte> mapped = file->map();
  const int64_t before = resident_file_kilobytes();
  int64_t sum = 0, most = 0;
  for (size_t at = 0; at < kBytes; at += kPiece) {
    const size_t end = std::min(kBytes, at + kPiece);
    for (size_t i = at; i < end; i += 512) sum += int64_t(mapped[i]);
    file->forget(at, end - at);
    most = std::max(most, resident_file_kilobytes() - before);
  }
  CHECK(sum > 0);
  CHECK(most < 4096);
}
#endif

TEST_CASE("a path holds letters of any script, spaces and more than 260 characters") {
  const Folder folder;
  fs::path top = folder.path / fs::path(u8"模型 für alle");
#if defined(_WIN32)
  const std::wstring unlimited = LR"(\\?\)";   // how the test itself gets there
  top = unlimited + fs::absolute(top).make_preferred().native();
#endif
  fs::path deep = top;
  while (deep.native().size() < 400) deep /= std::string(60, 'd');
  fs::create_directories(deep);
  std::ofstream(deep / "file", std::ios::binary) << "found";
  fs::path path = deep / "file";
#if defined(_WIN32)
  path = path.native().substr(unlimited.size());
#endif
  const std::u8string name = path.u8string();
  CHECK(open_system_file(std::string(name.begin(), name.end()))->size() == 5);
  fs::remove_all(top);
}

TEST_CASE("a system file beyond 4 GiB has 64-bit offsets") {
  const Folder folder;
  const std::string path = folder.file("sparse", "");
  fs::resize_file(path, (uint64_t{5} << 30) + 3);
  {
    std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(int64_t{5} << 30);
    stream << "end";
  }
  const auto file = open_system_file(path);
  CHECK(file->size() == (uint64_t{5} << 30) + 3);
  std::string end(3, '\0');
  file->read(uint64_t{5} << 30, std::as_writable_bytes(std::span(end)));
  CHECK(end == "end");
}

TEST_CASE("paths that lead to no file fail with a reason") {
  const Folder folder;
  const std::string file = folder.file("file", "x");
  CHECK(mentions(sentence_of(Status::not_found, [&] { open_system_file(file + "2"); }), "no such file"));
  CHECK(mentions(sentence_of(Status::not_found, [&] { open_system_file(file + "/inside"); }), "no such file"));
  CHECK(mentions(sentence_of(Status::io, [&] { open_system_file(folder.path.string()); }), "it is a folder"));
#if defined(_WIN32)
  const char* const device = "NUL";
#else
  const char* const device = "/dev/null";
#endif
  CHECK(mentions(sentence_of(Status::io, [&] { open_system_file(device); }), "regular file"));
  sentence_of(Status::invalid_argument, [&] { open_system_file(std::string("a\0b", 3)); });
  CHECK(open_system_file(folder.file("empty", ""))->map().empty());
}

TEST_CASE("a checkpoint opens from the operating system's file, and a folder without a config says so") {
  const Folder folder;
  const std::string path = folder.file("m.gguf", small_gguf().file());
  CHECK(open_checkpoint(system_host(), path)->tensors.size() == 3);
  CHECK(mentions(sentence_of(Status::io, [&] { open_checkpoint(system_host(), folder.path.string()); }), "no config.json"));
#if defined(HADAL_WITH_JSON)
  folder.file("config.json", "{}");
  folder.file("model.safetensors", small_safetensors());
  CHECK(open_checkpoint(system_host(), folder.path.string())->tensors.size() == 4);
  CHECK(open_checkpoint(system_host(), folder.path.string() + "/")->tensors.size() == 4);
#endif
}

TEST_CASE("host memory is aligned as asked") {
  const auto host = system_host();
  for (const size_t alignment : {1, 16, 64, 4096, 1 << 16}) {
    const Buffer buffer(host, 100, "a test", alignment);
    CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % alignment == 0);
  }
  const int64_t before = host->now_ns();
  CHECK(host->now_ns() >= before);
}
