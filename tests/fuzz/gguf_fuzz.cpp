// layers: formats
// Bytes as a GGUF file: a clean Error, or a checkpoint whose every byte may be touched.
#include <cstdint>
#include <cstdlib>

#include "core/status.hpp"
#include "unit/formats/small_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hadal;
  try {
    const auto file = open_gguf(system_host(), "fuzz.gguf",
                                std::make_unique<MemoryFile>(std::as_bytes(std::span(data, size))));
    volatile unsigned sum = test::sum_of_bytes(*file);
    (void)sum;
    for (const StoredTensor& tensor : file->tensors)
      if (file->find(tensor.name) != &tensor) std::abort();
  } catch (const Error& error) {
    if (error.status() != Status::corrupt && error.status() != Status::unsupported) std::abort();
  }
  return 0;
}
