#include "api/host.hpp"

#include <string>

#include "api/arguments.hpp"
#include "core/host_runner.hpp"

namespace hadal::api {
namespace {

class HostFile final : public File {
 public:
  HostFile(const hadal_host& host, void* file, std::string path) : host_(host), file_(file), path_(std::move(path)) {}
  ~HostFile() override { host_.close(host_.context, file_); }
  uint64_t size() const override { return host_.file_size(host_.context, file_); }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (host_.read(host_.context, file_, offset, out.data(), out.size()) != 0)
      throw Error(Status::io, message(quoted(path_), ": the host could not read ", out.size(), " bytes at ", offset));
  }
  std::span<const std::byte> map() override {
    const void* memory = host_.map ? host_.map(host_.context, file_) : nullptr;
    if (!memory) return {};
    return {static_cast<const std::byte*>(memory), size_t(size())};
  }

 private:
  hadal_host host_;
  void* file_;
  std::string path_;
};

class CallerHost final : public Host {
 public:
  explicit CallerHost(const hadal_host& host) : given_(host), system_(system_host()) {}

  void* allocate(size_t size, size_t alignment) override {
    return given_.allocate ? given_.allocate(given_.context, size, alignment) : system_->allocate(size, alignment);
  }
  void free(void* block, size_t size, size_t alignment) noexcept override {
    if (!block) return;
    if (given_.free) given_.free(given_.context, block, size, alignment);
    else system_->free(block, size, alignment);
  }
  std::unique_ptr<File> open(const std::string& path) override {
    if (!given_.open) return system_->open(path);
    void* file = given_.open(given_.context, path.c_str());
    if (!file) throw Error(Status::not_found, message(quoted(path), ": the host has no such file"));
    return std::make_unique<HostFile>(given_, file, path);
  }
  int64_t now_ns() override { return given_.clock ? given_.clock(given_.context) : system_->now_ns(); }
  void log(LogLevel level, std::string_view text) override {
    if (given_.log) given_.log(given_.context, int32_t(level), std::string(text).c_str());
  }

  const hadal_host& given() const { return given_; }

  // HostRunner's plain form of the host's parallel_for.
  static void parallel_for(void* user, int64_t count, void (*task)(void*, int64_t), void* context) {
    const hadal_host& host = static_cast<CallerHost*>(user)->given_;
    host.parallel_for(host.context, count, task, context);
  }

 private:
  hadal_host given_;
  std::shared_ptr<Host> system_;
};

}  // namespace

std::shared_ptr<Host> make_host(const hadal_host* given) {
  if (!given) return system_host();
  const hadal_host host = struct_in(given, "host", offsetof(hadal_host, allocate));
  if (!host.allocate != !host.free)
    throw Error(Status::invalid_argument, "host: expected allocate and free together, found one of them");
  const int files = (host.open ? 1 : 0) + (host.file_size ? 1 : 0) + (host.read ? 1 : 0) + (host.close ? 1 : 0);
  if (files != 0 && files != 4)
    throw Error(Status::invalid_argument, "host: expected open, file_size, read and close together, found some of them");
  if (host.parallel_for && host.concurrency < 1)
    throw Error(Status::invalid_argument,
                message("host: expected a concurrency of at least 1 with parallel_for, found ", host.concurrency));
  return std::make_shared<CallerHost>(host);
}

std::unique_ptr<TaskRunner> make_runner(const std::shared_ptr<Host>& host) {
  auto* caller = dynamic_cast<CallerHost*>(host.get());
  if (!caller || !caller->given().parallel_for) return nullptr;
  return std::make_unique<HostRunner>(&CallerHost::parallel_for, caller, caller->given().concurrency);
}

}  // namespace hadal::api
