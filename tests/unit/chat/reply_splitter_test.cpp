// Replies split into thought, answer and tool calls, whole and one character at a time.
#include "conversation.hpp"

using namespace hadal;

namespace {

const ReplyFormat kDeepSeek{"<think>", "</think>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"};
const ReplyFormat kV32{"<think>", "</think>", "<｜DSML｜function_calls>", "</｜DSML｜function_calls>"};
const ReplyFormat kQwen{"<think>", "</think>", "<tool_call>", "</tool_call>"};
const ReplyFormat kPlain{};

// Neighbouring pieces of one kind as one, written "T:..|A:..|C:..".
std::string written(const std::vector<ReplyPiece>& pieces) {
  std::string out;
  PieceKind last{};
  for (const ReplyPiece& piece : pieces) {
    if (piece.text.empty()) continue;
    if (out.empty() || piece.kind != last) {
      if (!out.empty()) out += '|';
      out += piece.kind == PieceKind::thought ? "T:" : piece.kind == PieceKind::answer ? "A:" : "C:";
    }
    out += piece.text;
    last = piece.kind;
  }
  return out;
}

std::string split(const ReplyFormat& format, std::string_view prompt, std::string_view reply, size_t step) {
  ReplySplitter splitter(format, prompt);
  std::vector<ReplyPiece> pieces;
  for (size_t at = 0; at < reply.size(); at += step) splitter.push(reply.substr(at, step), pieces);
  splitter.finish(pieces);
  return written(pieces);
}

struct Case {
  const ReplyFormat& format;
  const char* prompt;
  const char* reply;
  const char* expected;
};

const Case kCases[] = {
    // thoughts opened by the model, by the prompt, and not at all
    {kDeepSeek, "<｜User｜>q<｜Assistant｜>", "<think>\nhm\n</think>\n\nYes.", "T:hm|A:Yes."},
    {kDeepSeek, "<｜User｜>q<｜Assistant｜><think>\n", "hm, well\n</think>\n\nYes.", "T:hm, well|A:Yes."},
    {kDeepSeek, "<｜User｜>q<｜Assistant｜><think>", "hm</think>Yes.", "T:hm|A:Yes."},
    {kDeepSeek, "<｜User｜>q<｜Assistant｜></think>", "\n\nYes.\n", "A:Yes.\n"},
    {kDeepSeek, "<｜User｜>q<｜Assistant｜>", "Yes.", "A:Yes."},
    {kQwen, "<|im_start|>assistant\n<think>\n\n</think>\n\n", "Yes.", "A:Yes."},
    {kDeepSeek, "<｜Assistant｜><think>\nFirst part of", " a thought</think>A", "T:a thought|A:A"},
    // a thought that never closes, an empty one, a bare closing marker, a repeated opening one
    {kDeepSeek, "<think>\n", "and on and on\n", "T:and on and on\n"},
    {kDeepSeek, "<think>\n", "\n</think>\n\nYes", "A:Yes"},
    {kDeepSeek, "", "<think>\n\n</think>\n\nYes", "A:Yes"},
    {kDeepSeek, "", "</think>\n\nYes", "A:Yes"},
    {kDeepSeek, "", "so it was.\n</think>\n\nYes", "A:so it was.\n\n\nYes"},
    {kDeepSeek, "<think>\n", "<think>\nhm</think>Yes", "T:hm|A:Yes"},
    {kDeepSeek, "<think>", "", ""},
    {kDeepSeek, "", "<think>", ""},
    // text that looks like a marker, and markers an answer talks about
    {kDeepSeek, "", "a <thin line> and a < b <", "A:a <thin line> and a < b <"},
    {kDeepSeek, "", "Write <think>your plan</think> first.", "A:Write <think>your plan</think> first."},
    {kDeepSeek, "<think>", "x</thin>y</think >z</think>A", "T:x</thin>y</think >z|A:A"},
    {kDeepSeek, "", "<｜tool▁calls▁beg", "A:<｜tool▁calls▁beg"},
    {kQwen, "<think>", "I call <tool_call> now</think>\n<tool_call>\n{\"n\": 1}\n</tool_call>",
     "T:I call <tool_call> now|C:{\"n\": 1}\n"},
    // what a user writes about markers opens nothing
    {kDeepSeek, "<｜User｜>what is <think>?<｜Assistant｜>", "A tag.", "A:A tag."},
    {kQwen, "<|im_start|>user\n<think> is odd<|im_end|>\n<|im_start|>assistant\n", "A tag.", "A:A tag."},
    // tool calls
    {kDeepSeek, "<｜Assistant｜>",
     "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{}\n```<｜tool▁call▁end｜><"
     "｜tool▁calls▁end｜>",
     "C:<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{}\n```<｜tool▁call▁end｜>"},
    {kDeepSeek, "</think>", "Let me look.\n<｜tool▁calls▁begin｜>x<｜tool▁calls▁end｜>", "A:Let me look.|C:x"},
    {kDeepSeek, "", "<|tool_calls_begin|>x<|tool_calls_end|>done", "C:x|A:done"},
    {kDeepSeek, "", "<｜tool calls begin｜>x<｜tool calls end｜>", "C:x"},
    {kDeepSeek, "<think>\n", "I should call.<｜tool▁calls▁begin｜>x<｜tool▁calls▁end｜>", "T:I should call.|C:x"},
    {kDeepSeek, "", "<｜tool▁calls▁begin｜>never closed", "C:never closed"},
    // as R1-0528, V3.1 and V3.2 write them
    {kDeepSeek, "<｜User｜>q<｜Assistant｜>",
     "<think>\nI need f.\n</think>\n\nLet me see.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n"
     "```json\n{}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{}\n```"
     "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
     "T:I need f.|A:Let me see.|C:<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{}\n```<｜tool▁call▁end｜>\n"
     "<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{}\n```<｜tool▁call▁end｜>"},
    {kDeepSeek, "<｜User｜>q<｜Assistant｜></think>",
     "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"x\": \"</think>\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
     "C:<｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"x\": \"</think>\"}<｜tool▁call▁end｜>"},
    {kDeepSeek, "<｜tool▁output▁begin｜><think><｜tool▁output▁end｜>", "It is 3.", "A:It is 3."},
    {kV32, "<｜User｜>q<｜Assistant｜><think>",
     "I need f.</think>Wait.\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"f\">\n"
     "<｜DSML｜parameter name=\"x\" string=\"true\">a <b></｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
     "T:I need f.|A:Wait.|C:<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">a <b>"
     "</｜DSML｜parameter>\n</｜DSML｜invoke>\n"},
    {kV32, "</function_results>\n\n<think>", "Three.</think>It is 3.", "T:Three.|A:It is 3."},
    {kV32, "</function_results>\n\n</think>", "It is 3.", "A:It is 3."},
    {kQwen, "", "Sure.\n<tool_call>\n{\"a\": 1}\n</tool_call>\n<tool_call>\n{\"b\": 2}\n</tool_call>",
     "A:Sure.|C:{\"a\": 1}\n{\"b\": 2}\n"},
    {kQwen, "", "<think>\nt\n</think>\n\n<tool_call>\n{}\n</tool_call>\nDone", "T:t|C:{}\n|A:Done"},
    // white space
    {kDeepSeek, "", " \n<think> x </think> \n  code\n", "T:x|A:  code\n"},
    {kDeepSeek, "", "</think> Yes", "A:Yes"},
    {kDeepSeek, "", "</think>\n\n", ""},
    {kPlain, "", "  <think>no format</think>\n ", "A:  <think>no format</think>\n "},
    {kDeepSeek, "<think>", "你好</think>你好<", "T:你好|A:你好<"},
};

}  // namespace

TEST_CASE("a reply is split at its markers") {
  for (const Case& c : kCases) {
    INFO(c.prompt, " -> ", c.reply);
    CHECK(split(c.format, c.prompt, c.reply, std::string::npos) == c.expected);
  }
}

TEST_CASE("a reply split while it streams equals the whole one, however it is cut") {
  for (const Case& c : kCases)
    for (size_t step : {1, 2, 3, 5, 7, 11}) {
      INFO(c.prompt, " -> ", c.reply, " in steps of ", step);
      CHECK(split(c.format, c.prompt, c.reply, step) == c.expected);
    }
}

TEST_CASE("an answer streams: only what may become a marker is held back") {
  ReplySplitter splitter(kDeepSeek, "<｜Assistant｜></think>");
  std::vector<ReplyPiece> pieces;
  const auto pushed = [&](std::string_view text) {
    pieces.clear();
    splitter.push(text, pieces);
    return written(pieces);
  };
  CHECK(pushed("\nOne") == "A:One");
  CHECK(pushed(" two") == "A: two");
  CHECK(pushed(" <") == "");
  CHECK(pushed("b>") == "A: <b>");
  CHECK(pushed(" </thi") == "");
  CHECK(pushed("s") == "A: </this");
}

TEST_CASE("the format of replies is found in the template") {
  const auto check = [](std::string_view source, std::string_view thought, std::string_view calls,
                        std::string_view calls_end) {
    const ReplyFormat format = reply_format(source);
    INFO(std::string(source));
    CHECK(format.thought_open == thought);
    CHECK(format.tool_calls_open == calls);
    CHECK(format.tool_calls_close == calls_end);
  };
  check("{{ x.split('</think>')[-1] }}<｜tool▁calls▁begin｜>", "<think>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>");
  check("<tool_call>{{ x }}</tool_call>", "", "<tool_call>", "</tool_call>");
  check("[TOOL_CALLS] [", "", "[TOOL_CALLS]", "");
  check("{{ x }}", "", "", "");
  check(builtin_template("deepseek-v3.2"), "<think>", "<｜DSML｜function_calls>", "</｜DSML｜function_calls>");
  check(builtin_template("deepseek-v4"), "<think>", "<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>");
  check(builtin_template("deepseek-v3.1"), "<think>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>");

  const ReplyFormat by_token = reply_format("{{ x }}", [](std::string_view token) { return token == "<think>"; });
  CHECK(by_token.thought_close == "</think>");
  CHECK(by_token.tool_calls_open.empty());
}
