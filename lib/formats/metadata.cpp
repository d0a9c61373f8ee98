// Typed access to the key-value part of a GGUF file.
#include <cstdint>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/checkpoint.hpp"

namespace hadal {
namespace {

std::string_view kind(const MetadataValue& value) {
  constexpr std::string_view kKinds[] = {"a bool", "an integer", "an integer", "a number", "a string",
                                         "an array of bools", "an array of integers", "an array of numbers",
                                         "an array of strings"};
  static_assert(std::size(kKinds) == std::variant_size_v<MetadataValue>);
  return kKinds[value.index()];
}

[[noreturn]] void wrong_type(std::string_view key, std::string_view expected, const MetadataValue& value) {
  throw Error(Status::corrupt, message("metadata ", quoted(key), ": expected ", expected, ", found ", kind(value)));
}

bool empty_array(const MetadataValue& value) {
  return std::visit(
      [](const auto& held) {
        if constexpr (requires { held.front(); typename std::decay_t<decltype(held)>::allocator_type; }) return held.empty();
        else return false;
      },
      value);
}

template <class T>
std::span<const T> array(const Metadata& metadata, std::string_view key, std::string_view expected) {
  const MetadataValue* value = metadata.find(key);
  if (!value) return {};
  if (const auto* held = std::get_if<std::vector<T>>(value)) return *held;
  if (empty_array(*value)) return {};   // writers give an empty array any element type
  wrong_type(key, expected, *value);
}

}  // namespace

const MetadataValue* Metadata::find(std::string_view key) const {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : &entries[found->second].second;
}

std::optional<int64_t> Metadata::integer(std::string_view key) const {
  const MetadataValue* value = find(key);
  if (!value) return {};
  if (const auto* held = std::get_if<int64_t>(value)) return *held;
  if (const auto* held = std::get_if<uint64_t>(value)) {
    if (*held <= uint64_t(INT64_MAX)) return int64_t(*held);
    throw Error(Status::corrupt, message("metadata ", quoted(key), ": ", *held, " is too large"));
  }
  wrong_type(key, "an integer", *value);
}

std::optional<double> Metadata::number(std::string_view key) const {
  const MetadataValue* value = find(key);
  if (!value) return {};
  if (const auto* held = std::get_if<double>(value)) return *held;
  if (const auto* held = std::get_if<int64_t>(value)) return double(*held);
  if (const auto* held = std::get_if<uint64_t>(value)) return double(*held);
  wrong_type(key, "a number", *value);
}

std::optional<bool> Metadata::boolean(std::string_view key) const {
  const MetadataValue* value = find(key);
  if (!value) return {};
  if (const auto* held = std::get_if<bool>(value)) return *held;
  wrong_type(key, "a bool", *value);
}

std::optional<std::string_view> Metadata::string(std::string_view key) const {
  const MetadataValue* value = find(key);
  if (!value) return {};
  if (const auto* held = std::get_if<std::string_view>(value)) return *held;
  wrong_type(key, "a string", *value);
}

std::span<const std::string_view> Metadata::strings(std::string_view key) const {
  return array<std::string_view>(*this, key, "an array of strings");
}

std::span<const int64_t> Metadata::integers(std::string_view key) const {
  return array<int64_t>(*this, key, "an array of integers");
}

std::span<const float> Metadata::floats(std::string_view key) const {
  return array<float>(*this, key, "an array of numbers");
}

}  // namespace hadal
