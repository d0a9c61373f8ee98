// Any bytes as a chat template, rendered over one small conversation, and the same bytes as a reply.
// layers: chat
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.hpp"
#include "core/status.hpp"

namespace {

hadal::Json said(const char* role, const char* content) {
  using hadal::Json;
  return Json(Json::Object{{"role", Json(std::string(role))}, {"content", Json(std::string(content))}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hadal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Json variables(Json::Object{
      {"messages", Json(Json::Array{said("system", "be brief"), said("user", "h\xC3\xA9llo \xF0\x9F\x98\x80"), said("assistant", "<think>x</think>y")})},
      {"add_generation_prompt", Json(true)},
      {"bos_token", Json(std::string("<s>"))},
      {"n", Json(int64_t{7})},
      {"f", Json(0.5)},
  });
  try {
    const ChatTemplate parsed(text);
    parsed.render(variables, 0);
  } catch (const Error&) {
  }
  ReplySplitter splitter(reply_format("</think><tool_call>"), text.substr(0, size / 2));
  std::vector<ReplyPiece> pieces;
  for (size_t at = 0; at < size; at += 3) splitter.push(text.substr(at, 3), pieces);
  splitter.finish(pieces);
  return 0;
}
