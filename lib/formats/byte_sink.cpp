#include "formats/byte_sink.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

FileSink::FileSink(std::string path) : path_(std::move(path)), part_path_(path_ + ".part") {
  if (path_.empty() || path_.find('\0') != std::string::npos)
    throw Error(Status::invalid_argument, message(quoted(path_), ": expected the path of a file to write"));
  file_ = std::fopen(part_path_.c_str(), "wb");
  if (!file_) throw Error(Status::io, message(quoted(part_path_), ": cannot create the file"));
}

FileSink::~FileSink() {
  if (!file_) return;
  std::fclose(file_);
  std::remove(part_path_.c_str());
}

void FileSink::write(std::span<const std::byte> bytes) {
  if (!file_ || std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size())
    throw Error(Status::io, message(quoted(part_path_), ": cannot write ", bytes.size(), " bytes"));
}

void FileSink::commit() {
  if (!file_) throw Error(Status::io, message(quoted(path_), ": the file is already closed"));
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (closed && std::rename(part_path_.c_str(), path_.c_str()) == 0) return;
  std::remove(part_path_.c_str());
  throw Error(Status::io, message(quoted(path_), ": cannot write the file to its end"));
}

}  // namespace hadal
