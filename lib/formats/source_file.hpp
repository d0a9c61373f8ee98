// Files of a checkpoint as bytes: mapped, or read into the host's memory.
#pragma once

#include <memory>
#include <string>

#include "core/host.hpp"
#include "formats/checkpoint.hpp"

namespace hadal {

// Appends the file to out.files with all its bytes; memory for a file that cannot be mapped goes to out.owned.
// Throws Error(io, out_of_memory).
void add_source_file(const std::shared_ptr<Host>& host, std::string name, std::unique_ptr<File> file, Checkpoint& out);

// A small text file as a whole; Error(corrupt) if it has more than `most` bytes.
std::string read_text(const File& file, std::string_view name, uint64_t most);

// host.open(), or nullptr if there is no such file.
std::unique_ptr<File> open_if_there(Host& host, const std::string& path);

// The GGUF file at `path`, already open, with the other parts if it is one of several.
std::shared_ptr<Checkpoint> open_gguf_path(const std::shared_ptr<Host>& host, const std::string& path,
                                           std::unique_ptr<File> file);

}  // namespace hadal
