#include "formats/byte_sink.hpp"

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/system.hpp"

namespace hadal {

FileSink::FileSink(std::string path) : path_(std::move(path)), part_path_(path_ + ".part") {
  if (path_.empty() || path_.find('\0') != std::string::npos)
    throw Error(Status::invalid_argument, message(quoted(path_), ": expected the path of a file to write"));
  file_ = create_file(part_path_);
  if (!file_) throw Error(Status::io, message(quoted(part_path_), ": cannot create the file"));
}

FileSink::~FileSink() {
  if (!file_) return;
  std::fclose(file_);
  remove_file(part_path_);
}

void FileSink::write(std::span<const std::byte> bytes) {
  if (!file_ || std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size())
    throw Error(Status::io, message(quoted(part_path_), ": cannot write ", bytes.size(), " bytes"));
}

void FileSink::commit() {
  if (!file_) throw Error(Status::io, message(quoted(path_), ": the file is already closed"));
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (closed && replace_file(part_path_, path_)) return;
  remove_file(part_path_);
  throw Error(Status::io, message(quoted(path_), ": cannot write the file to its end"));
}

}  // namespace hadal
