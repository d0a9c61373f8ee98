// A random model small enough for every test: llama architecture, two layers, a byte-level vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hadal::test {

struct TinyModel {
  uint32_t seed = 1;
  bool add_bos = false;
  int64_t context = 512;
  std::string chat_template = {};   // empty: kTinyTemplate; "none": the file has none
  bool fill = false;                // the vocabulary has DeepSeek's tokens for filling in the middle

  // The ids of its control tokens. Byte b is token kFirstByte + b.
  static constexpr int32_t kBegin = 0, kStart = 1, kEnd = 2, kThink = 3, kThinkEnd = 4, kFirstByte = 5;
};

extern const char* const kTinyTemplate;

// The GGUF file.
std::vector<std::byte> tiny_gguf(const TinyModel& model = {});

}  // namespace hadal::test
