#include "formats/tensor_table.hpp"

#include <algorithm>
#include <vector>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

[[noreturn]] void fail(std::string_view file_name, std::string_view tensor, std::string_view sentence) {
  throw Error(Status::corrupt, message(file_name, ": tensor ", quoted(tensor), ": ", sentence));
}

}  // namespace

size_t checked_bytes(std::string_view file_name, const StoredTensor& tensor) {
  const DtypeInfo& type = info(tensor.dtype);
  const int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (row % type.block_elements != 0)
    fail(file_name, tensor.name, message("rows of ", row, " values are not a multiple of the ", type.block_elements,
                                         " in a block of ", type.name));
  uint64_t elements = 1;
  for (int64_t size : tensor.shape)
    if (size < 0 || (size > 0 && elements > uint64_t(INT64_MAX) / uint64_t(size)))
      fail(file_name, tensor.name, "its shape has more than 2^63 values");
    else elements *= uint64_t(size);
  const uint64_t blocks = elements / uint64_t(type.block_elements);
  if (blocks > uint64_t(PTRDIFF_MAX) / uint64_t(type.block_bytes))
    fail(file_name, tensor.name, "its shape needs more bytes than memory can address");
  return size_t(blocks) * size_t(type.block_bytes);
}

void place_tensors(std::string_view file_name, std::span<const std::byte> bytes, uint64_t data_start, int32_t file,
                   std::span<StoredTensor> tensors) {
  for (StoredTensor& tensor : tensors) {
    const uint64_t room = bytes.size() > data_start ? bytes.size() - data_start : 0;
    if (tensor.offset > room || tensor.bytes > room - tensor.offset)
      fail(file_name, tensor.name, message("its ", tensor.bytes, " bytes at offset ", tensor.offset,
                                           " leave the file, which has ", room, " bytes of data"));
    tensor.offset += data_start;
    tensor.file = file;
    tensor.data = bytes.data() + tensor.offset;
  }
  std::vector<const StoredTensor*> by_offset;
  by_offset.reserve(tensors.size());
  for (const StoredTensor& tensor : tensors)
    if (tensor.bytes > 0) by_offset.push_back(&tensor);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const StoredTensor* a, const StoredTensor* b) { return a->offset < b->offset; });
  for (size_t i = 1; i < by_offset.size(); ++i)
    if (by_offset[i]->offset - by_offset[i - 1]->offset < by_offset[i - 1]->bytes)
      fail(file_name, by_offset[i]->name, message("its bytes overlap those of ", quoted(by_offset[i - 1]->name)));
}

void index_tensors(std::string_view file_name, Checkpoint& checkpoint) {
  checkpoint.tensor_index.clear();
  checkpoint.tensor_index.reserve(checkpoint.tensors.size());
  for (size_t i = 0; i < checkpoint.tensors.size(); ++i)
    if (!checkpoint.tensor_index.emplace(checkpoint.tensors[i].name, i).second)
      fail(file_name, checkpoint.tensors[i].name, "the name appears twice");
}

}  // namespace hadal
