// Gives pages of a checkpoint's mapped files back.
#pragma once

#include <memory>

#include "formats/checkpoint.hpp"
#include "graph/weight.hpp"

namespace hadal {

class MappedWeights final : public WeightSource {
 public:
  explicit MappedWeights(std::shared_ptr<Checkpoint> checkpoint) : checkpoint_(std::move(checkpoint)) {}

  void forget(const std::byte* begin, size_t bytes) const override {
    for (const Checkpoint::SourceFile& file : checkpoint_->files) {
      const auto offset = reinterpret_cast<uintptr_t>(begin) - reinterpret_cast<uintptr_t>(file.bytes.data());
      if (offset > file.bytes.size() || bytes > file.bytes.size() - offset) continue;
      file.file->forget(offset, bytes);
      return;
    }
  }

 private:
  std::shared_ptr<Checkpoint> checkpoint_;
};

}  // namespace hadal
