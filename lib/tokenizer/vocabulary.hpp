// The texts of all tokens, one after another in memory, with a hash table from text to id.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace hadal {

// As GGUF numbers them.
enum class TokenKind : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

inline uint64_t hash_bytes(const char* at, size_t size) {
  const auto mix = [](uint64_t x) {
    x = (x ^ x >> 32) * 0x9E3779B97F4A7C15u;
    return x ^ x >> 29;
  };
  const auto load = [](const char* p, size_t n) {
    uint64_t word = 0;
    std::memcpy(&word, p, n);
    return word;
  };
  uint64_t hash = mix(size + 1);
  for (; size > 8; at += 8, size -= 8) hash = mix(hash ^ load(at, 8)) + size;
  if (size == 8) return mix(hash ^ load(at, 8));
  if (size >= 4) return mix(hash ^ (load(at, 4) | load(at + size - 4, 4) << 32));
  if (size == 0) return mix(hash);
  const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(at[i])); };
  return mix(hash ^ (byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16));
}

class Vocabulary {
 public:
  // Longer texts, or more of them, are refused: no vocabulary has them, and offsets stay 32 bits wide.
  static constexpr size_t kLongestText = 65535;
  static constexpr size_t kMostTokens = size_t{1} << 24;

  void reserve(size_t tokens, size_t text_bytes);
  // Gives the next id. Throws Error(corrupt) for more or longer texts than the limits.
  int32_t add(std::string_view text, TokenKind kind);
  // Builds the table for find(); of equal texts the lowest id is found. Empty texts are not found.
  void build_index();

  int32_t size() const { return static_cast<int32_t>(kinds_.size()); }
  bool contains(int32_t id) const { return id >= 0 && id < size(); }
  std::string_view text(int32_t id) const {
    const auto i = static_cast<size_t>(id);
    return {texts_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }
  TokenKind kind(int32_t id) const { return static_cast<TokenKind>(kinds_[static_cast<size_t>(id)]); }
  void set_kind(int32_t id, TokenKind kind) { kinds_[static_cast<size_t>(id)] = static_cast<uint8_t>(kind); }
  size_t longest_text() const { return longest_; }

  // -1 if no token is spelled so.
  int32_t find(std::string_view text) const {
    if (slots_.empty()) return -1;
    const uint64_t hash = hash_bytes(text.data(), text.size());
    const auto tag = static_cast<uint32_t>(hash);
    for (size_t at = place(hash);; at = at + 1 == slots_.size() ? 0 : at + 1) {
      const Slot& slot = slots_[at];
      if (slot.id < 0) return -1;
      if (slot.tag == tag && this->text(slot.id) == text) return slot.id;
    }
  }

  // Asks the memory for what find() will look at.
  void prefetch(std::string_view text) const {
#if defined(__GNUC__)
    if (!slots_.empty()) __builtin_prefetch(&slots_[place(hash_bytes(text.data(), text.size()))]);
#else
    (void)text;
#endif
  }

 private:
  struct Slot {
    uint32_t tag = 0;
    int32_t id = -1;
  };
  size_t place(uint64_t hash) const { return static_cast<size_t>((hash >> 32) * slots_.size() >> 32); }

  std::string texts_;
  std::vector<uint32_t> offsets_{0};  // one more than there are tokens
  std::vector<uint8_t> kinds_;
  std::vector<Slot> slots_;
  size_t longest_ = 0;
};

// True if no token holds U+2581 after another character: then the text may be cut before each word, nothing merges
// across.
bool words_merge_apart(const Vocabulary& vocabulary);

}  // namespace hadal
