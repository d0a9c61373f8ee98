#include "models/weight_origin.hpp"

#include <algorithm>
#include <functional>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/tensor_names.hpp"

namespace hadal {

WeightOrigins::WeightOrigins(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {
  for (const StoredTensor& tensor : checkpoint.tensors)
    if (tensor.data && tensor.bytes > 0) by_address_.push_back(&tensor);
  std::sort(by_address_.begin(), by_address_.end(), [](const StoredTensor* a, const StoredTensor* b) {
    return std::less<const std::byte*>()(a->data, b->data);
  });
}

WeightOrigin WeightOrigins::at(const Weight& weight, const std::byte* data) const {
  const auto after = std::upper_bound(by_address_.begin(), by_address_.end(), data,
                                      [](const std::byte* address, const StoredTensor* tensor) {
                                        return std::less<const std::byte*>()(address, tensor->data);
                                      });
  if (!data || after == by_address_.begin() || data >= after[-1]->data + after[-1]->bytes)
    throw Error(Status::internal, message(weight.name, ": its bytes are those of no tensor"));
  const StoredTensor* tensor = after[-1];
  return {tensor, (data - tensor->data) / int64_t(bytes_of(tensor->dtype, weight.cols))};
}

const StoredTensor* WeightOrigins::named(const Weight& weight) const {
  const auto find = [&](std::string_view published) {
    const bool gguf = checkpoint_.container == Checkpoint::Container::gguf;
    return checkpoint_.find(gguf ? gguf_tensor_name(published) : std::string(published));
  };
  if (const StoredTensor* tensor = find(weight.name)) return tensor;
  // A stack of published experts, or half of a joint kv_b_proj.
  std::string name = weight.name;
  if (const size_t at = name.find(".experts."); at != name.npos) {
    name.insert(at + std::string_view(".experts.").size(), "0.");
    return find(name);
  }
  for (const std::string_view half : {".k_b_proj.", ".v_b_proj."})
    if (const size_t at = name.find(half); at != name.npos) return find(name.replace(at, half.size(), ".kv_b_proj."));
  return nullptr;
}

}  // namespace hadal
