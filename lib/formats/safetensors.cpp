// One safetensors file: u64 header size, JSON header, bytes. Source: the safetensors README and its reference reader.
#include "formats/safetensors.hpp"

#include <algorithm>
#include <array>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/byte_reader.hpp"
#include "formats/tensor_table.hpp"

namespace hadal {
namespace {

constexpr uint64_t kLargestHeader = 100'000'000;   // as the reference reader
constexpr size_t kMostDimensions = 16;

struct DtypeName {
  std::string_view name;
  Dtype dtype;
};
constexpr std::array kDtypes = {
    DtypeName{"F32", Dtype::f32}, DtypeName{"F16", Dtype::f16}, DtypeName{"BF16", Dtype::bf16},
    DtypeName{"F64", Dtype::f64}, DtypeName{"I8", Dtype::i8},   DtypeName{"I16", Dtype::i16},
    DtypeName{"I32", Dtype::i32}, DtypeName{"I64", Dtype::i64}, DtypeName{"U8", Dtype::u8},
    DtypeName{"BOOL", Dtype::boolean}, DtypeName{"F8_E4M3", Dtype::f8_e4m3}, DtypeName{"F8_E8M0", Dtype::f8_e8m0},
};

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view file) : file_(file) {}

  StoredTensor tensor(const std::string& name, const Json& about) const {
    const Json* dtype = about.find("dtype");
    const Json* shape = about.find("shape");
    const Json* offsets = about.find("data_offsets");
    if (!dtype || !dtype->as_string() || !shape || !shape->as_array() || !offsets || !offsets->as_array())
      fail(name, "expected dtype, shape and data_offsets");
    StoredTensor tensor{.name = name, .dtype = dtype_of(name, *dtype->as_string()), .shape = {}, .data = nullptr,
                        .bytes = 0, .file = 0, .offset = 0};
    if (shape->as_array()->size() > kMostDimensions)
      fail(name, message("expected at most ", kMostDimensions, " dimensions, found ", shape->as_array()->size()));
    for (const Json& size : *shape->as_array()) tensor.shape.push_back(natural(name, size));
    tensor.bytes = checked_bytes(file_, tensor);
    const Json::Array& range = *offsets->as_array();
    if (range.size() != 2) fail(name, "expected two data_offsets");
    const int64_t begin = natural(name, range[0]), end = natural(name, range[1]);
    if (end < begin || uint64_t(end - begin) != tensor.bytes)
      fail(name, message("data_offsets [", begin, ", ", end, "] do not hold the ", tensor.bytes, " bytes of its shape"));
    tensor.offset = uint64_t(begin);
    return tensor;
  }

 private:
  Dtype dtype_of(const std::string& name, const std::string& text) const {
    for (const DtypeName& known : kDtypes)
      if (known.name == text) return known.dtype;
    throw Error(Status::unsupported,
                message(file_, ": tensor ", quoted(name), ": this library cannot read the dtype ", quoted(text)));
  }

  int64_t natural(const std::string& name, const Json& value) const {
    const int64_t* number = value.as_integer();
    if (!number || *number < 0) fail(name, "expected natural numbers in shape and data_offsets");
    return *number;
  }

  [[noreturn]] void fail(const std::string& name, std::string_view sentence) const {
    throw Error(Status::corrupt, message(file_, ": tensor ", quoted(name), ": ", sentence));
  }

  std::string_view file_;
};

}  // namespace

void parse_safetensors(std::string_view name, Checkpoint& out) {
  const std::span<const std::byte> bytes = out.files.back().bytes;
  ByteReader in(name, bytes);
  const uint64_t header_bytes = in.number<uint64_t>("the header's size");
  if (header_bytes > kLargestHeader)
    in.fail(message("a header of ", header_bytes, " bytes; expected at most ", kLargestHeader));
  const std::byte* header_begin = in.take(header_bytes, "the header");
  if (header_bytes == 0 || char(*header_begin) != '{') in.fail("not a safetensors file: its header does not start with {");
  const Json header = parse_json({reinterpret_cast<const char*>(header_begin), size_t(header_bytes)}, name);

  const size_t first = out.tensors.size();
  const HeaderReader reader(name);
  for (const auto& [key, about] : *header.as_object())
    if (key != "__metadata__") out.tensors.push_back(reader.tensor(key, about));
  place_tensors(name, bytes, in.position(), int32_t(out.files.size() - 1), std::span(out.tensors).subspan(first));
}

}  // namespace hadal
