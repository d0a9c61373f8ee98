// GGUF models as a whole: one file, or the parts of a split one.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/folder_in_gguf.hpp"
#include "formats/gguf.hpp"
#include "formats/source_file.hpp"
#include "formats/tensor_table.hpp"

namespace hadal {
namespace {

using gguf::Split;

// Magic and version are looked at before a file that cannot be mapped is read as a whole.
void add_file(const std::shared_ptr<Host>& host, std::string name, std::unique_ptr<File> file, Checkpoint& out) {
  std::array<std::byte, gguf::kHeaderBytes> header;
  const size_t have = size_t(std::min<uint64_t>(file->size(), header.size()));
  file->read(0, std::span(header).first(have));
  gguf::check_header(name, std::span(header).first(have));
  add_source_file(host, std::move(name), std::move(file), out);
}

std::shared_ptr<Checkpoint> empty_checkpoint(const std::shared_ptr<Host>& host) {
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->host = host;
  checkpoint->container = Checkpoint::Container::gguf;
  return checkpoint;
}

std::string five_digits(int64_t number) {
  const std::string digits = message(number);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

// "base-00001-of-00003.gguf" -> "base"; throws if the name is not that of part `split`.
std::string split_base(const std::string& path, const Split& split) {
  const std::string ending = message("-", five_digits(split.number + 1), "-of-", five_digits(split.count), ".gguf");
  if (path.size() <= ending.size() || path.compare(path.size() - ending.size(), ending.size(), ending) != 0)
    throw Error(Status::not_found, message(quoted(path), ": part ", split.number + 1, " of ", split.count,
                                           " of a split model must keep a name that ends in ", ending,
                                           ", or its other parts cannot be found"));
  return path.substr(0, path.size() - ending.size());
}

std::shared_ptr<Checkpoint> open_parts(const std::shared_ptr<Host>& host, const std::string& base, int64_t count) {
  auto checkpoint = empty_checkpoint(host);
  std::optional<int64_t> promised;
  for (int64_t part = 0; part < count; ++part) {
    const std::string path = message(base, "-", five_digits(part + 1), "-of-", five_digits(count), ".gguf");
    add_file(host, path, host->open(path), *checkpoint);
    const Split split = gguf::parse_file(path, checkpoint->files.back().bytes, int32_t(part), part == 0, *checkpoint);
    if (split.number != part || split.count != count)
      throw Error(Status::corrupt, message(quoted(path), ": expected part ", part + 1, " of ", count, ", found part ",
                                           split.number + 1, " of ", split.count));
    if (part == 0) promised = split.tensors;
  }
  if (promised && *promised != int64_t(checkpoint->tensors.size()))
    throw Error(Status::corrupt, message(quoted(base), ": expected ", *promised, " tensors in ", count, " parts, found ",
                                         checkpoint->tensors.size()));
  index_tensors(base, *checkpoint);
  adopt_folder_entries(*checkpoint);
  return checkpoint;
}

std::shared_ptr<Checkpoint> open_file(const std::shared_ptr<Host>& host, std::string name, std::unique_ptr<File> file,
                                      Split& split) {
  auto checkpoint = empty_checkpoint(host);
  add_file(host, name, std::move(file), *checkpoint);
  split = gguf::parse_file(name, checkpoint->files.back().bytes, 0, true, *checkpoint);
  index_tensors(name, *checkpoint);
  adopt_folder_entries(*checkpoint);
  return checkpoint;
}

}  // namespace

std::shared_ptr<Checkpoint> open_gguf(const std::shared_ptr<Host>& host, std::string name, std::unique_ptr<File> file) {
  Split split;
  auto checkpoint = open_file(host, name, std::move(file), split);
  if (split.count > 1)
    throw Error(Status::unsupported, message(name, ": part ", split.number + 1, " of ", split.count,
                                             " of a split model; it can only be opened by its path"));
  return checkpoint;
}

std::shared_ptr<Checkpoint> open_gguf_path(const std::shared_ptr<Host>& host, const std::string& path,
                                           std::unique_ptr<File> file) {
  Split split;
  auto checkpoint = open_file(host, path, std::move(file), split);
  if (split.count == 1) return checkpoint;
  checkpoint.reset();   // give a large file's memory back before all parts are opened
  return open_parts(host, split_base(path, split), split.count);
}

}  // namespace hadal
