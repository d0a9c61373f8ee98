// A session as bytes. Layout, little endian:
//   "HADALSES"  u32 version  u32 0
//   text fingerprint          weights, backend and cache format it belongs to
//   u8 mode, u8 active, u8 wanted, u8 finish
//   i64 fed, i64 prompt, reused, generated tokens, i64 prompt ns, decode ns, i64 dropped messages, 4 × u64 sampler, u64 seed
//   i64 count, i32 tokens      i64 count, messages (text role, text content, i64 tokens after)      text prompt
//   i64 page bytes, i64 pages, the pages
//   u64 checksum of all before
// A text is i64 size and its bytes.
#include <algorithm>
#include <cstring>

#include "core/message.hpp"
#include "generate/fingerprint.hpp"
#include "generate/session.hpp"

namespace hadal {
namespace {

constexpr std::string_view kMagic = "HADALSES";
constexpr uint32_t kVersion = 1;

class Writer {
 public:
  template <class T>
  void put(T value) {
    bytes(std::as_bytes(std::span(&value, 1)));
  }
  void text(std::string_view text) {
    put(int64_t(text.size()));
    bytes(std::as_bytes(std::span(text)));
  }
  void bytes(std::span<const std::byte> part) { out.insert(out.end(), part.begin(), part.end()); }
  std::vector<std::byte> out;
};

[[noreturn]] void damaged(std::string_view what) {
  throw Error(Status::corrupt, message("snapshot: ", what));
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : left_(bytes) {}
  std::span<const std::byte> bytes(uint64_t size) {
    if (size > left_.size()) damaged(message("expected ", size, " more bytes, found ", left_.size()));
    const auto part = left_.first(size_t(size));
    left_ = left_.subspan(size_t(size));
    return part;
  }
  template <class T>
  T get() {
    T value;
    std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
    return value;
  }
  // A count of things that take at least `least` bytes each.
  int64_t count(uint64_t least) {
    const auto n = get<int64_t>();
    if (n < 0 || uint64_t(n) > left_.size() / least) damaged(message("senseless count ", n));
    return n;
  }
  std::string text() {
    const auto part = bytes(uint64_t(count(1)));
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  bool at_end() const { return left_.empty(); }

 private:
  std::span<const std::byte> left_;
};

}  // namespace

std::vector<std::byte> Session::save() {
  const auto lock = hold();
  Writer w;
  w.out.reserve(table_.bytes() + tokens_.size() * 4 + prompt_text_.size() + 4096);
  w.bytes(std::as_bytes(std::span(kMagic)));
  w.put(kVersion);
  w.put(uint32_t(0));
  w.text(model_->fingerprint());
  w.put(uint8_t(mode_));
  w.put(uint8_t(active_));
  w.put(uint8_t(turn_wanted_));
  w.put(uint8_t(usage_.finish));
  w.put(fed_);
  for (const int64_t number : {usage_.prompt_tokens, usage_.reused_tokens, usage_.generated_tokens, usage_.prompt_ns,
                               usage_.decode_ns, dropped_messages_})
    w.put(number);
  for (const uint64_t word : sampler_.random().state()) w.put(word);
  w.put(seed_);
  w.put(int64_t(tokens_.size()));
  w.bytes(std::as_bytes(std::span(tokens_)));
  w.put(int64_t(messages_.size()));
  for (const Message& m : messages_) {
    w.text(m.role);
    w.text(m.content);
    w.put(m.tokens_after);
  }
  w.text(prompt_text_);
  const size_t pages = pages_for(fed_);
  w.put(int64_t(table_.page_bytes()));
  w.put(int64_t(pages));
  for (size_t i = 0; i < pages; ++i) w.bytes({table_.pages()[i], table_.page_bytes()});
  w.put(checksum(w.out));
  return std::move(w.out);
}

void Session::restore(std::span<const std::byte> bytes) {
  if (bytes.size() < kMagic.size() + 16 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    damaged("expected a session of this library");
  Reader r(bytes.first(bytes.size() - sizeof(uint64_t)));
  r.bytes(kMagic.size());
  const auto version = r.get<uint32_t>();
  uint64_t sum;
  std::memcpy(&sum, bytes.data() + bytes.size() - sizeof sum, sizeof sum);
  if (sum != checksum(bytes.first(bytes.size() - sizeof sum))) damaged("the checksum does not match");
  if (version != kVersion)
    throw Error(Status::unsupported, message("snapshot: expected version ", kVersion, ", found ", version));
  r.get<uint32_t>();
  const std::string fingerprint = r.text();
  if (fingerprint != model_->fingerprint())
    throw Error(Status::unsupported, message("snapshot: expected one of this model, backend and cache_type (",
                                             model_->fingerprint(), "), found ", quoted(fingerprint)));
  const auto mode = r.get<uint8_t>(), active = r.get<uint8_t>(), wanted = r.get<uint8_t>(), finish = r.get<uint8_t>();
  const auto fed = r.get<int64_t>();
  int64_t numbers[6];
  for (int64_t& number : numbers) number = r.get<int64_t>();
  uint64_t words[4];
  for (uint64_t& word : words) word = r.get<uint64_t>();
  const auto seed = r.get<uint64_t>();
  std::vector<int32_t> tokens(size_t(r.count(sizeof(int32_t))));
  const auto token_bytes = r.bytes(tokens.size() * sizeof(int32_t));
  if (!tokens.empty()) std::memcpy(tokens.data(), token_bytes.data(), token_bytes.size());
  std::vector<Message> messages(size_t(r.count(3 * sizeof(int64_t))));
  for (Message& m : messages) {
    m.role = r.text();
    m.content = r.text();
    m.tokens_after = r.get<int64_t>();
  }
  std::string prompt_text = r.text();
  const auto page_bytes = r.get<int64_t>();
  const auto pages = r.get<int64_t>();
  const int64_t size = int64_t(tokens.size());
  if (mode > uint8_t(Mode::raw) || active > 1 || wanted > 1 || finish > uint8_t(Finish::error) || fed < 0 || fed > size ||
      page_bytes != int64_t(table_.page_bytes()) || pages != int64_t(pages_for(fed)) || numbers[2] < 0 ||
      numbers[2] > size || (active && tokens.empty()))
    damaged("its numbers contradict each other");
  for (const int32_t id : tokens)
    if (id < 0 || id >= model_->vocabulary()) damaged(message("token ", id, " is not in the vocabulary"));
  const auto page_data = r.bytes(uint64_t(pages) * uint64_t(page_bytes));
  if (!r.at_end()) damaged("bytes after its end");
  if (size > context_)
    throw Error(Status::context_full, message("snapshot: expected at most ", context_, " tokens, found ", size));
  if (mode == uint8_t(Mode::chat)) model_->prompts();

  const auto lock = hold();
  cut(0);
  tokens_.assign(tokens.begin(), tokens.end());
  table_.truncate(0);
  table_.prepare(0, fed);
  for (size_t i = 0; i < size_t(pages); ++i)
    std::memcpy(table_.pages()[i], page_data.data() + i * size_t(page_bytes), size_t(page_bytes));
  fed_ = fed;
  logits_valid_ = false;
  forget_rows();
  mode_ = Mode(mode);
  messages_ = std::move(messages);
  prompt_text_ = std::move(prompt_text);
  usage_ = {Finish(finish), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
  dropped_messages_ = numbers[5];
  std::copy(std::begin(words), std::end(words), sampler_.random().state().begin());
  seed_ = seed;
  failure_.reset();
  cancel_ = feeding_ = prompt_installed_ = false;
  active_ = active;
  turn_wanted_ = wanted;
  // The reply's text state is what its tokens make again; what was read already is not shown twice.
  begin_reply();
  for (int64_t i = size - usage_.generated_tokens; i < size; ++i) reply_->push(tokens_[size_t(i)]);
  if (!active_) reply_->finish();
  reply_->forget_pieces();
}

}  // namespace hadal
