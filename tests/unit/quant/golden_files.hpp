// Recorded files of tests/golden/quant.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace hadal::testing {

inline std::vector<std::byte> golden_bytes(const std::string& name) {
  std::ifstream file(std::string(HADAL_TEST_DATA) + "/quant/" + name, std::ios::binary);
  std::vector<std::byte> bytes;
  for (std::istreambuf_iterator<char> c(file), end; c != end; ++c) bytes.push_back(std::byte(*c));
  return bytes;
}

inline std::vector<float> golden_floats(const std::string& name) {
  const std::vector<std::byte> bytes = golden_bytes(name);
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace hadal::testing
