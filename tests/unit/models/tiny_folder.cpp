#include "unit/models/tiny_folder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/half.hpp"
#include "quant/block_format.hpp"
#include "unit/formats/file_builder.hpp"
#include "unit/models/tiny_weights.hpp"

namespace hadal::test {
namespace {

struct Shard {
  std::string header, data;
  void add(const std::string& name, const char* dtype, const std::vector<int64_t>& shape, const void* bytes, size_t count) {
    header += (header.empty() ? "{\"" : ",\"") + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[";
    for (size_t i = 0; i < shape.size(); ++i) header += (i ? "," : "") + std::to_string(shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + "," + std::to_string(data.size() + count) + "]}";
    data.append(static_cast<const char*>(bytes), count);
  }
  std::string file() const { return safetensors_file(header + "}", data); }
};

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (unsigned char byte : text) hash = (hash ^ byte) * 0x100000001B3ull;
  return hash;
}

bool is_f8(const StoredTensor& tensor) {
  if (tensor.shape.size() < 2) return false;
  for (const char* kept : {"norm", "embed_tokens", "lm_head", "mlp.gate.", "bias"})
    if (tensor.name.find(kept) != std::string::npos) return false;
  return true;
}

void add_f8(const StoredTensor& tensor, Shard& weights, Shard& scale_shard) {
  const int64_t rows = tensor.shape[0], cols = tensor.shape[1], down = (rows + 127) / 128, across = (cols + 127) / 128;
  const auto* values = reinterpret_cast<const float*>(tensor.data);
  const uint64_t kind = fnv1a(tensor.name) % 3;
  std::vector<std::byte> codes(size_t(rows * cols));
  std::string scales;
  for (int64_t block = 0; block < down * across; ++block) {
    const int64_t top = block / across * 128, left = block % across * 128;
    const int64_t bottom = std::min(top + 128, rows), right = std::min(left + 128, cols);
    float scale = 0;
    for (int64_t r = top; r < bottom; ++r)
      for (int64_t c = left; c < right; ++c) scale = std::max(scale, std::fabs(values[r * cols + c]));
    scale /= 448;
    if (kind == 0) put(scales, scale);
    if (kind == 1) {
      const uint16_t bits = f32_to_bf16(scale);
      put(scales, bits);
      scale = bf16_to_f32(bits);
    }
    if (kind == 2) {
      int exponent = 0;
      const bool power = std::frexp(scale, &exponent) == 0.5f;
      exponent -= power ? 1 : 0;
      scale = std::ldexp(1.0f, exponent);
      put(scales, uint8_t(exponent + 127));
    }
    for (int64_t r = top; r < bottom; ++r)
      for (int64_t c = left; c < right; ++c) {
        const float value = values[r * cols + c] / scale;
        block_format(Dtype::f8_e4m3).encode(&value, &codes[size_t(r * cols + c)], 1, nullptr);
      }
  }
  weights.add(tensor.name, "F8_E4M3", tensor.shape, codes.data(), codes.size());
  scale_shard.add(tensor.name + "_scale_inv", kind == 0 ? "F32" : kind == 1 ? "BF16" : "F8_E8M0", {down, across},
                  scales.data(), scales.size());
}

}  // namespace

void write_tiny_folder(MemoryHost& host, const std::string& config_json, bool f8) {
  const auto checkpoint = tiny_checkpoint(config_json);
  const std::string names[2] = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"};
  Shard shards[2];
  std::string map;
  size_t i = 0;
  const auto note = [&](const std::string& tensor, size_t shard) {
    map += (map.empty() ? "\"" : ",\"") + tensor + "\":\"" + names[shard] + "\"";
  };
  for (const StoredTensor& tensor : checkpoint->tensors) {
    const size_t here = i++ % 2;
    note(tensor.name, here);
    if (f8 && is_f8(tensor)) {
      add_f8(tensor, shards[here], shards[1 - here]);
      note(tensor.name + "_scale_inv", 1 - here);
    } else {
      shards[here].add(tensor.name, "F32", tensor.shape, tensor.data, tensor.bytes);
    }
  }
  host.files["m/config.json"] = config_json;
  host.files["m/model.safetensors.index.json"] = "{\"metadata\":{},\"weight_map\":{" + map + "}}";
  for (size_t s = 0; s < 2; ++s) host.files["m/" + names[s]] = shards[s].file();
}

}  // namespace hadal::test
