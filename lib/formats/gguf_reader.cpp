// One GGUF file: header, key-value entries, tensor table. Every count, length, offset and product is checked here;
// nothing is allocated that the file's own size does not justify.
#include "formats/gguf.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/byte_reader.hpp"
#include "formats/tensor_table.hpp"
#include "core/utf8.hpp"

namespace hadal::gguf {
namespace {

constexpr uint64_t kMostEntries = uint64_t{1} << 20;
constexpr uint64_t kMostTensors = uint64_t{1} << 22;
constexpr uint64_t kMostArrayElements = uint64_t{1} << 24;   // of one array; the largest vocabularies have 2^19 merges
constexpr uint64_t kMostElements = uint64_t{1} << 26;        // of all arrays of a file
constexpr int kDeepestArray = 4;
constexpr uint64_t kSmallestEntry = 8 + 4 + 1;               // an empty key, a type, a byte
constexpr uint64_t kSmallestTensorInfo = 8 + 4 + 4 + 8;

// Indexed by id; ids 4, 5, 31-33 and 36-38 were removed from ggml, 9 and 15 never lie in files.
constexpr std::array<TensorType, 43> kTensorTypes = {{
    {"F32", Dtype::f32},   {"F16", Dtype::f16},   {"Q4_0", Dtype::q4_0}, {"Q4_1", Dtype::q4_1}, {},
    {},                    {"Q5_0", Dtype::q5_0}, {"Q5_1", Dtype::q5_1}, {"Q8_0", Dtype::q8_0}, {"Q8_1", {}},
    {"Q2_K", Dtype::q2_k}, {"Q3_K", Dtype::q3_k}, {"Q4_K", Dtype::q4_k}, {"Q5_K", Dtype::q5_k}, {"Q6_K", Dtype::q6_k},
    {"Q8_K", {}},          {"IQ2_XXS", {}},       {"IQ2_XS", {}},        {"IQ3_XXS", {}},       {"IQ1_S", {}},
    {"IQ4_NL", Dtype::iq4_nl}, {"IQ3_S", {}},     {"IQ2_S", {}},         {"IQ4_XS", Dtype::iq4_xs}, {"I8", Dtype::i8},
    {"I16", Dtype::i16},   {"I32", Dtype::i32},   {"I64", Dtype::i64},   {"F64", Dtype::f64},   {"IQ1_M", {}},
    {"BF16", Dtype::bf16}, {},                    {},                    {},                    {"TQ1_0", {}},
    {"TQ2_0", {}},         {},                    {},                    {},                    {"MXFP4", {}},
    {"NVFP4", {}},         {"Q1_0", {}},          {"Q2_0", {}},
}};

size_t scalar_bytes(ValueType type) {
  switch (type) {
    case ValueType::u8: case ValueType::i8: case ValueType::boolean: return 1;
    case ValueType::u16: case ValueType::i16: return 2;
    case ValueType::u32: case ValueType::i32: case ValueType::f32: return 4;
    case ValueType::u64: case ValueType::i64: case ValueType::f64: return 8;
    default: return 0;
  }
}

template <class T, class Out>
std::vector<Out> widened(const std::byte* raw, size_t count) {
  std::vector<Out> out(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, raw + i * sizeof value, sizeof value);
    out[i] = Out(value);
  }
  return out;
}

class EntryReader {
 public:
  EntryReader(std::string_view name, ByteReader& in) : name_(name), in_(in) {}

  // Reads one value; false for an array of arrays, which has been checked but has no MetadataValue.
  bool value(std::string_view key, MetadataValue& out) {
    const auto type = ValueType(in_.number<uint32_t>("a value type"));
    switch (type) {
      case ValueType::u8: out = int64_t(in_.number<uint8_t>("a u8 value")); return true;
      case ValueType::i8: out = int64_t(in_.number<int8_t>("an i8 value")); return true;
      case ValueType::u16: out = int64_t(in_.number<uint16_t>("a u16 value")); return true;
      case ValueType::i16: out = int64_t(in_.number<int16_t>("an i16 value")); return true;
      case ValueType::u32: out = int64_t(in_.number<uint32_t>("a u32 value")); return true;
      case ValueType::i32: out = int64_t(in_.number<int32_t>("an i32 value")); return true;
      case ValueType::u64: out = in_.number<uint64_t>("a u64 value"); return true;
      case ValueType::i64: out = in_.number<int64_t>("an i64 value"); return true;
      case ValueType::f32: out = double(in_.number<float>("an f32 value")); return true;
      case ValueType::f64: out = in_.number<double>("an f64 value"); return true;
      case ValueType::boolean: out = boolean(key, in_.number<uint8_t>("a bool value")); return true;
      case ValueType::string: out = in_.string("a string value"); return true;
      case ValueType::array: return array(key, out);
    }
    in_.fail(message("metadata ", quoted(key), ": expected a value type from 0 to 12, found ", uint32_t(type)));
  }

 private:
  bool boolean(std::string_view key, uint8_t byte) const {
    if (byte > 1) in_.fail(message("metadata ", quoted(key), ": expected a bool of 0 or 1, found ", int(byte)));
    return byte == 1;
  }

  struct ArrayHead {
    ValueType type;
    uint64_t count;
  };

  ArrayHead array_head(std::string_view key) {
    const auto type = ValueType(in_.number<uint32_t>("an array's element type"));
    const uint64_t count = in_.number<uint64_t>("an array's length");
    if (uint32_t(type) > uint32_t(ValueType::f64))
      in_.fail(message("metadata ", quoted(key), ": expected an element type from 0 to 12, found ", uint32_t(type)));
    const uint64_t least = type == ValueType::string ? 8 : type == ValueType::array ? 12 : scalar_bytes(type);
    if (count > in_.remaining() / least)
      in_.fail(message("metadata ", quoted(key), ": an array of ", count, " elements does not fit the ",
                       in_.remaining(), " bytes left in the file"));
    elements_ += count;
    if (count > kMostArrayElements || elements_ > kMostElements)
      throw Error(Status::unsupported, message(name_, ": metadata ", quoted(key), ": an array of ", count,
                                               " elements is larger than this library reads"));
    return {type, count};
  }

  bool array(std::string_view key, MetadataValue& out) {
    const ArrayHead head = array_head(key);
    const size_t count = size_t(head.count);
    if (head.type == ValueType::array) {
      for (size_t i = 0; i < count; ++i) skip_array(key, 1);
      return false;
    }
    if (head.type == ValueType::string) {
      std::vector<std::string_view> strings(count);
      for (std::string_view& text : strings) text = in_.string("a string of an array");
      out = std::move(strings);
      return true;
    }
    const std::byte* raw = in_.take(head.count * scalar_bytes(head.type), "an array");
    switch (head.type) {
      case ValueType::u8: out = widened<uint8_t, int64_t>(raw, count); break;
      case ValueType::i8: out = widened<int8_t, int64_t>(raw, count); break;
      case ValueType::u16: out = widened<uint16_t, int64_t>(raw, count); break;
      case ValueType::i16: out = widened<int16_t, int64_t>(raw, count); break;
      case ValueType::u32: out = widened<uint32_t, int64_t>(raw, count); break;
      case ValueType::i32: out = widened<int32_t, int64_t>(raw, count); break;
      case ValueType::i64: out = widened<int64_t, int64_t>(raw, count); break;
      case ValueType::f32: out = widened<float, float>(raw, count); break;
      case ValueType::f64: out = floats(key, raw, count); break;
      case ValueType::u64: {
        std::vector<int64_t> values = widened<uint64_t, int64_t>(raw, count);
        for (int64_t value : values)
          if (value < 0) in_.fail(message("metadata ", quoted(key), ": ", uint64_t(value), " is too large"));
        out = std::move(values);
        break;
      }
      default: {   // boolean
        std::vector<bool> values(count);
        for (size_t i = 0; i < count; ++i) values[i] = boolean(key, uint8_t(raw[i]));
        out = std::move(values);
      }
    }
    return true;
  }

  std::vector<float> floats(std::string_view key, const std::byte* raw, size_t count) const {
    std::vector<double> wide = widened<double, double>(raw, count);
    for (double value : wide)
      if (value > 3.4028234663852886e38 || value < -3.4028234663852886e38)
        in_.fail(message("metadata ", quoted(key), ": ", value, " does not fit 32 bits"));
    return {wide.begin(), wide.end()};
  }

  void skip_array(std::string_view key, int depth) {
    if (depth == kDeepestArray) in_.fail(message("metadata ", quoted(key), ": arrays nested deeper than ", depth));
    const ArrayHead head = array_head(key);
    if (head.type == ValueType::array)
      for (uint64_t i = 0; i < head.count; ++i) skip_array(key, depth + 1);
    else if (head.type == ValueType::string)
      for (uint64_t i = 0; i < head.count; ++i) in_.string("a string of an array");
    else in_.take(head.count * scalar_bytes(head.type), "an array");
  }

  std::string_view name_;
  ByteReader& in_;
  uint64_t elements_ = 0;
};

Metadata read_entries(std::string_view name, ByteReader& in, uint64_t count) {
  Metadata metadata;
  metadata.entries.reserve(size_t(count));
  metadata.stored.reserve(size_t(count));
  metadata.index.reserve(size_t(count));
  EntryReader reader(name, in);
  const std::byte* base = in.take(0, "entries") - in.position();
  for (uint64_t i = 0; i < count; ++i) {
    const size_t begin = in.position();
    const std::string_view key = in.string("a metadata key");
    if (key.empty() || !is_utf8(key)) in.fail(message("the key of metadata entry ", i, " is not UTF-8 text"));
    MetadataValue value;
    const bool representable = reader.value(key, value);
    const bool fresh = metadata.index.emplace(key, metadata.entries.size()).second;
    if (!fresh) in.fail(message("metadata ", quoted(key), " appears twice"));
    metadata.entries.emplace_back(key, representable ? std::move(value) : MetadataValue(std::vector<std::string_view>()));
    metadata.stored.emplace_back(base + begin, in.position() - begin);
  }
  return metadata;
}

StoredTensor read_tensor_info(std::string_view file_name, ByteReader& in, uint64_t number) {
  const std::string_view name = in.string("a tensor name");
  if (name.empty() || name.size() > kLongestTensorName || !is_utf8(name))
    in.fail(message("the name of tensor ", number, " is not UTF-8 text of 1 to ", kLongestTensorName, " bytes"));
  StoredTensor tensor{.name = std::string(name), .dtype = Dtype::f32, .shape = {}, .data = nullptr, .bytes = 0,
                      .file = 0, .offset = 0};
  const uint32_t dimensions = in.number<uint32_t>("a tensor's number of dimensions");
  if (dimensions > kMostDimensions)
    in.fail(message("tensor ", quoted(name), ": expected at most ", kMostDimensions, " dimensions, found ", dimensions));
  for (uint32_t i = 0; i < dimensions; ++i) {
    const uint64_t size = in.number<uint64_t>("a tensor's shape");
    if (size == 0 || size > uint64_t(INT64_MAX))
      in.fail(message("tensor ", quoted(name), ": dimension ", i, " is ", size));
    tensor.shape.insert(tensor.shape.begin(), int64_t(size));
  }
  const uint32_t id = in.number<uint32_t>("a tensor type");
  tensor.offset = in.number<uint64_t>("a tensor offset");
  const TensorType type = tensor_type(id);
  if (!type.dtype)
    throw Error(Status::unsupported,
                type.name.empty()
                    ? message(file_name, ": tensor ", quoted(name), ": type id ", id, " is not a GGUF tensor type")
                    : message(file_name, ": tensor ", quoted(name), ": this library cannot read the type ", type.name));
  tensor.dtype = *type.dtype;
  tensor.bytes = checked_bytes(file_name, tensor);
  return tensor;
}

uint64_t read_alignment(const Metadata& metadata, const ByteReader& in) {
  const std::optional<int64_t> found = metadata.integer("general.alignment");
  if (!found) return kDefaultAlignment;
  if (*found < 8 || uint64_t(*found) > kLargestAlignment || *found % 8 != 0)
    in.fail(message("general.alignment: expected a multiple of 8 up to ", kLargestAlignment, ", found ", *found));
  return uint64_t(*found);
}

Split read_split(const Metadata& metadata, const ByteReader& in) {
  Split split{.number = metadata.integer("split.no").value_or(0), .count = metadata.integer("split.count").value_or(1),
              .tensors = metadata.integer("split.tensors.count")};
  if (split.count == 0) split.count = 1;   // what a merged file may carry
  if (split.count < 1 || split.count > 99999 || split.number < 0 || split.number >= split.count)
    in.fail(message("split.no ", split.number, " of split.count ", split.count, " is not a part number"));
  return split;
}

}  // namespace

TensorType tensor_type(uint32_t id) { return id < kTensorTypes.size() ? kTensorTypes[id] : TensorType{}; }

std::optional<uint32_t> tensor_type_id(Dtype dtype) {
  for (uint32_t id = 0; id < kTensorTypes.size(); ++id)
    if (kTensorTypes[id].dtype == dtype) return id;
  return {};
}

void check_header(std::string_view name, std::span<const std::byte> bytes) {
  ByteReader in(name, bytes);
  const uint32_t magic = in.number<uint32_t>("the magic");
  if (magic != kMagic) in.fail("not a GGUF file: it does not start with \"GGUF\"");
  const uint32_t version = in.number<uint32_t>("the version");
  if (version == 2 || version == kVersion) return;
  if (version == 2u << 24 || version == kVersion << 24)
    throw Error(Status::unsupported, message(name, ": a big-endian GGUF file; convert it to little-endian"));
  throw Error(Status::unsupported, message(name, ": expected GGUF version 2 or 3, found ", version));
}

Split parse_file(std::string_view name, std::span<const std::byte> bytes, int32_t file, bool keep_metadata,
                 Checkpoint& out) {
  check_header(name, bytes);
  ByteReader in(name, bytes);
  in.take(8, "the magic and version");
  const uint64_t tensors = in.number<uint64_t>("the number of tensors");
  const uint64_t entries = in.number<uint64_t>("the number of metadata entries");
  if (entries > kMostEntries || entries > in.remaining() / kSmallestEntry)
    in.fail(message(entries, " metadata entries do not fit a file of ", bytes.size(), " bytes"));
  Metadata metadata = read_entries(name, in, entries);
  const uint64_t alignment = read_alignment(metadata, in);
  const Split split = read_split(metadata, in);

  if (tensors > kMostTensors || tensors > in.remaining() / kSmallestTensorInfo)
    in.fail(message(tensors, " tensors do not fit a file of ", bytes.size(), " bytes"));
  const size_t first = out.tensors.size();
  out.tensors.reserve(first + size_t(tensors));
  for (uint64_t i = 0; i < tensors; ++i) out.tensors.push_back(read_tensor_info(name, in, i));

  const uint64_t padding = (alignment - in.position() % alignment) % alignment;
  const uint64_t data_start = in.position() + padding;   // both far below 2^63: a position in memory and an alignment
  const std::span<StoredTensor> mine = std::span(out.tensors).subspan(first);
  for (const StoredTensor& tensor : mine)
    if (tensor.offset % alignment != 0)
      in.fail(message("tensor ", quoted(tensor.name), ": its offset ", tensor.offset, " is not a multiple of ",
                      alignment));
  place_tensors(name, bytes, data_start, file, mine);
  if (keep_metadata) out.metadata = std::move(metadata);
  return split;
}

}  // namespace hadal::gguf
