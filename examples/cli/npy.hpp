// Writes a float32 matrix as a NumPy .npy file (format 1.0), row by row.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

class NpyWriter {
 public:
  // Throws Failure if the file cannot be made.
  NpyWriter(std::string path, int64_t rows, int64_t columns);
  ~NpyWriter();   // removes the file unless finish() was called
  NpyWriter(const NpyWriter&) = delete;
  NpyWriter& operator=(const NpyWriter&) = delete;
  void write(std::span<const float> values);
  void finish();

 private:
  std::string path_;
  std::FILE* file_;
};
