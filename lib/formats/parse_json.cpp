// Text to Json, through nlohmann's event parser: it checks the grammar and UTF-8 and does not recurse; the tree, its
// depth and its unique keys are ours.
#include <unordered_set>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/json.hpp"

#if defined(HADAL_WITH_JSON)

#include <nlohmann/json.hpp>

namespace hadal {
namespace {

constexpr size_t kDeepest = 128;
constexpr size_t kMostValues = size_t{1} << 23;   // a value costs 20 times the bytes of "0,"
constexpr size_t kFewKeys = 16;   // below, comparing each with each beats a hash table

// Characters of the text; `seen` follows the parser, because its events carry no position.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** seen) : at_(at), seen_(seen) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *seen_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }
  bool operator!=(const Cursor& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** seen_;
};

class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::string_view what) : seen(text.data()), text_(text), what_(what) {}

  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(int64_t value) { return put(Json(value)); }
  bool number_unsigned(uint64_t value) {
    return put(value <= uint64_t(INT64_MAX) ? Json(int64_t(value)) : Json(double(value)));
  }
  bool number_float(double value, const std::string&) { return put(Json(value)); }
  bool string(std::string& value) { return put(Json(std::move(value))); }
  bool binary(std::vector<uint8_t>&) { return false; }

  bool start_object(size_t) { return open({.is_object = true}); }
  bool start_array(size_t) { return open({.is_object = false}); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    Level& level = levels_.back();
    bool twice = false;
    if (level.object.size() < kFewKeys) {
      for (const auto& member : level.object) twice = twice || member.first == name;
    } else {
      if (level.keys.empty())
        for (const auto& member : level.object) level.keys.insert(member.first);
      twice = !level.keys.insert(name).second;
    }
    if (twice) fail(message("the key ", hadal::quoted(std::string_view(name)), " appears twice, the second time before byte ", offset()));
    level.object.emplace_back(std::move(name), Json());
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) {
    const std::string_view detail = error.what();
    const bool encoding = detail.find("ill-formed UTF-8") != std::string_view::npos;
    fail(message(encoding ? "invalid UTF-8" : "malformed JSON", " at byte ", position > 0 ? position - 1 : 0));
  }

  Json take() { return std::move(root_); }

  const char* seen;

 private:
  struct Level {
    bool is_object;
    Json::Object object = {};
    Json::Array array = {};
    std::unordered_set<std::string> keys = {};
  };

  [[noreturn]] void fail(const std::string& sentence) const {
    throw Error(Status::corrupt, message(what_, ": ", sentence));
  }
  size_t offset() const { return size_t(seen - text_.data()); }

  bool open(Level level) {
    if (levels_.size() == kDeepest) fail(message("nested deeper than ", kDeepest, " levels at byte ", offset()));
    levels_.push_back(std::move(level));
    return true;
  }

  bool close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return put(level.is_object ? Json(std::move(level.object)) : Json(std::move(level.array)));
  }

  bool put(Json value) {
    if (++values_ > kMostValues) fail(message("more than ", kMostValues, " values at byte ", offset()));
    if (levels_.empty()) root_ = std::move(value);
    else if (levels_.back().is_object) levels_.back().object.back().second = std::move(value);
    else levels_.back().array.push_back(std::move(value));
    return true;
  }

  std::string_view text_;
  std::string_view what_;
  std::vector<Level> levels_;
  size_t values_ = 0;
  Json root_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (text.empty()) throw Error(Status::corrupt, message(what, ": malformed JSON at byte 0: the text is empty"));
  // To the lexer a NUL is the end of the text.
  if (const size_t nul = text.find('\0'); nul != text.npos)
    throw Error(Status::corrupt, message(what, ": malformed JSON at byte ", nul, ": a NUL"));
  TreeBuilder tree(text, what);
  const Cursor begin(text.data(), &tree.seen), end(text.data() + text.size(), &tree.seen);
  nlohmann::json::sax_parse(begin, end, &tree);
  return tree.take();
}

}  // namespace hadal

#else

namespace hadal {

Json parse_json(std::string_view, std::string_view what) {
  throw Error(Status::unsupported, message(what, ": this build cannot read JSON (its option HADAL_JSON is off)"));
}

}  // namespace hadal

#endif
