// The scales of FP8 weights, as f32 in memory of the host.
#pragma once

#include <cstdint>
#include <memory>

#include "core/host.hpp"
#include "models/text_model.hpp"

namespace hadal {

// Reads the scales of every FP8 weight and points the weights at them. Throws Error(corrupt) naming a tensor with one
// that is not finite, Error(out_of_memory).
void load_scales(TextModel& model, const std::shared_ptr<Host>& host);

// Bytes that load_scales() allocates.
uint64_t scale_bytes(const TextModel& model);

}  // namespace hadal
