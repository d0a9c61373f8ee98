#include "models/weight_scales.hpp"

#include <map>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/f8_tensors.hpp"
#include "models/weight_origin.hpp"
#include "quant/matrix_rows.hpp"

namespace hadal {
namespace {

int64_t blocks_of(int64_t values) { return (values + kScaleBlock - 1) / kScaleBlock; }

class ScaleLoader {
 public:
  ScaleLoader(TextModel& model, const std::shared_ptr<Host>& host)
      : model_(model), host_(host), origins_(*model.checkpoint) {}

  // The scales of the matrix that a weight or part is some rows of, and the first of these rows.
  std::pair<const float*, int64_t> find(const WeightOrigin& origin) {
    const StoredTensor& tensor = *origin.tensor;
    const int64_t height = tensor.shape[tensor.shape.size() - 2];
    const int64_t grid = blocks_of(height) * blocks_of(tensor.shape.back());
    return {all_of(tensor) + origin.first_row / height * grid, origin.first_row % height};
  }

  const WeightOrigins& origins() const { return origins_; }

 private:
  const float* all_of(const StoredTensor& tensor) {
    const auto [place, fresh] = loaded_.emplace(&tensor, nullptr);
    if (!fresh) return place->second;
    const StoredTensor* scales = f8_scales(*model_.checkpoint, tensor);
    const size_t count = scales->bytes / size_t(info(scales->dtype).block_bytes);
    Buffer& memory = model_.scales.emplace_back(host_, count * sizeof(float), scales->name);
    place->second = reinterpret_cast<float*>(memory.data());
    read_f8_scales(*scales, reinterpret_cast<float*>(memory.data()));
    return place->second;
  }

  TextModel& model_;
  const std::shared_ptr<Host>& host_;
  WeightOrigins origins_;
  std::map<const StoredTensor*, const float*> loaded_;
};

}  // namespace

void load_scales(TextModel& model, const std::shared_ptr<Host>& host) {
  ScaleLoader loader(model, host);
  for (Weight& weight : model.weights) {
    if (weight.dtype != Dtype::f8_e4m3 || weight.scale_inv) continue;
    if (weight.data) std::tie(weight.scale_inv, weight.scale_row) = loader.find(loader.origins().of(weight));
    for (size_t p = 0; p < weight.parts.size(); ++p) {
      WeightPart& part = weight.parts[p];
      if (part.data) std::tie(part.scale_inv, part.scale_row) = loader.find(loader.origins().of(weight, int64_t(p)));
    }
  }
}

uint64_t scale_bytes(const TextModel& model) {
  uint64_t bytes = 0;
  for (const Weight& weight : model.weights) {
    if (weight.dtype != Dtype::f8_e4m3) continue;
    const int64_t matrices = weight.is_stack() ? int64_t(weight.parts.size()) : 1;
    bytes += uint64_t(matrices * blocks_of(weight.rows) * blocks_of(weight.cols)) * sizeof(float);
  }
  return bytes;
}

}  // namespace hadal
