// layers: formats
// Bytes as the weights, and as the index, of a model folder.
#include <cstdint>
#include <cstdlib>

#include "core/status.hpp"
#include "unit/formats/memory_host.hpp"
#include "unit/formats/small_files.hpp"

namespace {

void open_with(const char* name, const std::string& text) {
  using namespace hadal;
  auto host = std::make_shared<test::MemoryHost>();
  host->files["m/config.json"] = "{}";
  host->files["m/a.safetensors"] = test::small_safetensors();
  host->files[name] = text;
  try {
    const auto file = open_checkpoint(host, "m");
    volatile unsigned sum = test::sum_of_bytes(*file);
    (void)sum;
  } catch (const Error& error) {
    if (error.status() != Status::corrupt && error.status() != Status::unsupported && error.status() != Status::not_found)
      std::abort();
  }
  if (host->open_files != 0 || host->lent_bytes != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  open_with("m/model.safetensors", text);
  open_with("m/model.safetensors.index.json", text);
  return 0;
}
