// Opening the tiny model and sessions of it in one call, and having them say something.
#pragma once

#include <limits>
#include <memory>
#include <string>

#include "generate/session.hpp"
#include "unit/generate/tiny_model.hpp"

namespace hadal::test {

// A file whose bytes it owns.
class OwnedFile final : public File {
 public:
  explicit OwnedFile(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) throw Error(Status::io, "past the end");
    std::copy_n(bytes_.begin() + ptrdiff_t(offset), out.size(), out.begin());
  }
  std::span<const std::byte> map() override { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

inline std::shared_ptr<Model> open_tiny(const std::string& options, const TinyModel& tiny = {},
                                        std::shared_ptr<Host> host = system_host()) {
  Options runtime_options;
  runtime_options.set("threads", "2", OptionLevel::runtime);
  runtime_options.merge(options, OptionLevel::runtime);
  const auto runtime = std::make_shared<Runtime>(host, runtime_options, nullptr);
  return Model::open(
      runtime, runtime_options,
      [&](bool) { return open_gguf(host, "tiny", std::make_unique<OwnedFile>(tiny_gguf(tiny))); },
      [](std::string_view, double) {});
}

inline std::shared_ptr<Session> make_session(const std::shared_ptr<Model>& model, const std::string& options) {
  Options merged = model->options();
  merged.merge(options, OptionLevel::session);
  return Session::create(model, merged);
}

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Tokens without a meaning.
inline std::vector<int32_t> ids(int from, int count) {
  std::vector<int32_t> out;
  for (int i = 0; i < count; ++i) out.push_back(TinyModel::kFirstByte + (from + 37 * i) % 256);
  return out;
}

inline std::vector<float> row(Session& session) {
  std::vector<float> logits;
  session.logits([&](std::span<const float> rows) { logits.assign(rows.begin(), rows.end()); });
  return {logits.begin(), logits.end()};
}

// The tokens of one raw turn.
inline std::vector<int32_t> generate(Session& session, std::span<const int32_t> prompt) {
  session.add_tokens(prompt);
  session.until_over(kNever);
  return session.tokens(session.num_tokens() - session.usage().generated_tokens);
}

}  // namespace hadal::test
