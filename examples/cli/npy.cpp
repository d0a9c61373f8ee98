#include "npy.hpp"

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "call.hpp"
#include "platform.hpp"

static_assert(std::endian::native == std::endian::little, "the header below says little-endian");

NpyWriter::NpyWriter(std::string path, int64_t rows, int64_t columns)
    : path_(std::move(path)), file_(platform::open_file(path_, "wb")) {
  if (file_ == nullptr) throw Failure(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  constexpr size_t kPrefix = 10;   // magic, version, header size
  header.append(63 - (kPrefix + header.size()) % 64, ' ');
  header += '\n';
  const auto size = static_cast<uint16_t>(header.size());
  const char prefix[kPrefix] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<char>(size & 0xFF),
                                static_cast<char>(size >> 8)};
  std::fwrite(prefix, 1, kPrefix, file_);
  std::fwrite(header.data(), 1, header.size(), file_);
}

NpyWriter::~NpyWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  platform::remove_file(path_);
}

void NpyWriter::write(std::span<const float> values) {
  if (std::fwrite(values.data(), sizeof(float), values.size(), file_) != values.size())
    throw Failure(fmt::format("{}: writing failed: {}", path_, std::strerror(errno)));
}

void NpyWriter::finish() {
  const bool failed = std::ferror(file_) != 0;
  if (std::fclose(std::exchange(file_, nullptr)) != 0 || failed) {
    platform::remove_file(path_);
    throw Failure(fmt::format("{}: writing failed", path_));
  }
}
