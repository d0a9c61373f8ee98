// layers: formats
// Bytes as JSON text: a clean Error naming the text, or a tree.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/status.hpp"
#include "formats/json.hpp"

namespace {

size_t count_values(const hadal::Json& json) {
  size_t count = 1;
  if (const auto* array = json.as_array())
    for (const hadal::Json& value : *array) count += count_values(value);
  if (const auto* object = json.as_object())
    for (const auto& [key, value] : *object) {
      if (json.find(key) != &value) std::abort();   // keys are unique
      count += count_values(value);
    }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hadal;
  try {
    volatile size_t count = count_values(parse_json({reinterpret_cast<const char*>(data), size}, "fuzz.json"));
    (void)count;
  } catch (const Error& error) {
    if (error.status() != Status::corrupt && error.status() != Status::unsupported) std::abort();
  }
  return 0;
}
