#include "formats/gguf_writer.hpp"

#include <algorithm>
#include <array>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/gguf.hpp"
#include "formats/tensor_table.hpp"
#include "core/utf8.hpp"

namespace hadal {
namespace {

using gguf::ValueType;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put<uint64_t>(out, text.size());
  out += text;
}

std::string entry_head(std::string_view key, ValueType type) {
  std::string bytes;
  put_string(bytes, key);
  put(bytes, uint32_t(type));
  return bytes;
}

template <class T>
std::string scalar(std::string_view key, ValueType type, T value) {
  std::string bytes = entry_head(key, type);
  put(bytes, value);
  return bytes;
}

std::string array_head(std::string_view key, ValueType type, size_t count) {
  std::string bytes = entry_head(key, ValueType::array);
  put(bytes, uint32_t(type));
  put<uint64_t>(bytes, count);
  return bytes;
}

uint64_t aligned(uint64_t position) {
  return (position + gguf::kDefaultAlignment - 1) / gguf::kDefaultAlignment * gguf::kDefaultAlignment;
}

std::span<const std::byte> bytes_of_text(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

void GgufWriter::copy_entries(const Metadata& metadata) {
  for (size_t i = 0; i < metadata.stored.size(); ++i) {
    const std::string_view key = metadata.entries[i].first;
    if (key == "general.alignment" || key.substr(0, 6) == "split.") continue;
    set(key, {reinterpret_cast<const char*>(metadata.stored[i].data()), metadata.stored[i].size()});
  }
}

void GgufWriter::set_u32(std::string_view key, uint32_t value) { set(key, scalar(key, ValueType::u32, value)); }
void GgufWriter::set_i32(std::string_view key, int32_t value) { set(key, scalar(key, ValueType::i32, value)); }
void GgufWriter::set_u64(std::string_view key, uint64_t value) { set(key, scalar(key, ValueType::u64, value)); }
void GgufWriter::set_f32(std::string_view key, float value) { set(key, scalar(key, ValueType::f32, value)); }
void GgufWriter::set_bool(std::string_view key, bool value) {
  set(key, scalar(key, ValueType::boolean, uint8_t(value ? 1 : 0)));
}

void GgufWriter::set_string(std::string_view key, std::string_view value) {
  std::string bytes = entry_head(key, ValueType::string);
  put_string(bytes, value);
  set(key, std::move(bytes));
}

void GgufWriter::set_strings(std::string_view key, std::span<const std::string_view> values) {
  std::string bytes = array_head(key, ValueType::string, values.size());
  for (std::string_view value : values) put_string(bytes, value);
  set(key, std::move(bytes));
}

void GgufWriter::set_i32s(std::string_view key, std::span<const int32_t> values) {
  std::string bytes = array_head(key, ValueType::i32, values.size());
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  set(key, std::move(bytes));
}

void GgufWriter::set_f32s(std::string_view key, std::span<const float> values) {
  std::string bytes = array_head(key, ValueType::f32, values.size());
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  set(key, std::move(bytes));
}

void GgufWriter::set(std::string_view key, std::string bytes) {
  if (key.empty() || !is_utf8(key))
    throw Error(Status::invalid_argument, message("the metadata key ", quoted(key), " is not UTF-8 text"));
  const auto [place, fresh] = entry_index_.emplace(key, entries_.size());
  if (fresh) entries_.push_back(std::move(bytes));
  else entries_[place->second] = std::move(bytes);
}

void GgufWriter::add_tensor(std::string_view name, Dtype dtype, std::span<const int64_t> shape) {
  const auto refuse = [&](Status status, std::string_view sentence) {
    throw Error(status, message("tensor ", quoted(name), ": ", sentence));
  };
  if (name.empty() || name.size() > gguf::kLongestTensorName || !is_utf8(name))
    refuse(Status::unsupported, message("a GGUF name is UTF-8 text of 1 to ", gguf::kLongestTensorName, " bytes"));
  const std::optional<uint32_t> type = gguf::tensor_type_id(dtype);
  if (!type) refuse(Status::unsupported, message("GGUF has no type for ", hadal::name(dtype)));
  if (shape.size() > gguf::kMostDimensions || std::any_of(shape.begin(), shape.end(), [](int64_t n) { return n <= 0; }))
    refuse(Status::unsupported, message("GGUF holds at most ", gguf::kMostDimensions, " dimensions, none of them 0"));
  if (!tensor_names_.emplace(name).second) refuse(Status::invalid_argument, "the name appears twice");
  const StoredTensor tensor{.name = std::string(name), .dtype = dtype, .shape = {shape.begin(), shape.end()},
                            .data = nullptr, .bytes = 0, .file = 0, .offset = 0};
  tensors_.push_back({tensor.name, *type, tensor.shape, checked_bytes("the new file", tensor)});
}

void GgufWriter::begin(ByteSink& out) {
  out_ = &out;
  std::string header;
  put(header, gguf::kMagic);
  put(header, gguf::kVersion);
  put<uint64_t>(header, tensors_.size());
  put<uint64_t>(header, entries_.size());
  for (const std::string& entry : entries_) header += entry;
  uint64_t offset = 0;
  for (const Announced& tensor : tensors_) {
    put_string(header, tensor.name);
    put<uint32_t>(header, uint32_t(tensor.shape.size()));
    for (size_t axis = tensor.shape.size(); axis-- > 0;) put<uint64_t>(header, uint64_t(tensor.shape[axis]));
    put(header, tensor.type);
    put(header, offset);
    offset = aligned(offset + tensor.bytes);
  }
  out_->write(bytes_of_text(header));
  written_ = header.size();
  pad();
}

void GgufWriter::write(std::span<const std::byte> bytes) {
  if (!out_ || current_ == tensors_.size() || bytes.size() > tensors_[current_].bytes - given_)
    throw Error(Status::invalid_argument, message("more bytes than the announced tensors have"));
  out_->write(bytes);
  written_ += bytes.size();
  given_ += bytes.size();
  if (given_ < tensors_[current_].bytes) return;
  pad();
  ++current_;
  given_ = 0;
}

void GgufWriter::finish() {
  if (!out_ || current_ < tensors_.size())
    throw Error(Status::invalid_argument, current_ < tensors_.size()
                                              ? message("tensor ", quoted(tensors_[current_].name), " lacks bytes")
                                              : message("the file was not begun"));
}

// The last tensor is padded too, as ggml's own writer does.
void GgufWriter::pad() {
  constexpr std::array<std::byte, gguf::kDefaultAlignment> kZeros = {};
  const uint64_t missing = aligned(written_) - written_;
  out_->write(std::span(kZeros).first(size_t(missing)));
  written_ += missing;
}

}  // namespace hadal
