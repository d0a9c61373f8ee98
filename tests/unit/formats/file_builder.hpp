// Writes small GGUF and safetensors files byte by byte, valid or with one chosen fault.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace hadal::test {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void put_string(std::string& out, const std::string& text) {
  put<uint64_t>(out, text.size());
  out += text;
}

struct GgufBuilder {
  uint32_t version = 3;
  uint64_t alignment = 32;
  uint64_t num_entries = 0, num_tensors = 0;
  std::string entries, infos, data;

  void raw_entry(const std::string& key, uint32_t type, const std::string& value) {
    put_string(entries, key);
    put(entries, type);
    entries += value;
    ++num_entries;
  }
  template <class T>
  void scalar(const std::string& key, uint32_t type, T value) {
    std::string bytes;
    put(bytes, value);
    raw_entry(key, type, bytes);
  }
  void string(const std::string& key, const std::string& value) {
    std::string bytes;
    put_string(bytes, value);
    raw_entry(key, 8, bytes);
  }
  template <class T>
  void array(const std::string& key, uint32_t type, const std::vector<T>& values) {
    std::string bytes;
    put(bytes, type);
    put<uint64_t>(bytes, values.size());
    for (const T& value : values) {
      if constexpr (std::is_same_v<T, std::string>) put_string(bytes, value);
      else put(bytes, value);
    }
    raw_entry(key, 9, bytes);
  }
  void info(const std::string& name, const std::vector<uint64_t>& ne, uint32_t type, uint64_t offset) {
    put_string(infos, name);
    put<uint32_t>(infos, uint32_t(ne.size()));
    for (uint64_t n : ne) put(infos, n);
    put(infos, type);
    put(infos, offset);
    ++num_tensors;
  }
  // A tensor with its bytes, placed after the ones before it.
  void tensor(const std::string& name, const std::vector<uint64_t>& ne, uint32_t type, const std::string& bytes) {
    data.resize((data.size() + alignment - 1) / alignment * alignment, '\0');
    info(name, ne, type, data.size());
    data += bytes;
  }
  // Everything before the padding and the data.
  std::string header() const {
    std::string out = "GGUF";
    put(out, version);
    put(out, num_tensors);
    put(out, num_entries);
    return out + entries + infos;
  }
  std::string file() const {
    std::string out = header();
    out.resize((out.size() + alignment - 1) / alignment * alignment, '\0');
    return out + data;
  }
};

inline std::string safetensors_file(const std::string& header, const std::string& data) {
  std::string out;
  put<uint64_t>(out, header.size());
  return out + header + data;
}

// Bytes that differ from place to place, so that a wrong offset shows.
inline std::string numbered_bytes(size_t count, unsigned seed = 1) {
  std::string out(count, '\0');
  for (size_t i = 0; i < count; ++i) out[i] = char((i * 7 + i / 256 + seed) & 0xFF);
  return out;
}

}  // namespace hadal::test
