// hadal run MODEL PROMPT: one answer.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "answer.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "model_options.hpp"
#include "reply_printer.hpp"
#include "terminal.hpp"

namespace {

using Json = nlohmann::ordered_json;

struct RunPrompt {
  ModelOptions options;
  std::string prompt, file, suffix;
  bool raw = false, fill = false;
};

Json usage_json(const hadal_usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens}, {"reused_tokens", usage.reused_tokens},
          {"generated_tokens", usage.generated_tokens}, {"prompt_us", usage.prompt_us}, {"decode_us", usage.decode_us},
          {"load_us", usage.load_us}, {"context", usage.context}, {"tokens", usage.tokens},
          {"cache_bytes", usage.cache_bytes}, {"drafted_tokens", usage.drafted_tokens},
          {"accepted_tokens", usage.accepted_tokens}};
}

std::vector<int32_t> generated_tokens(hadal_session* session, const hadal_usage& usage) {
  const int64_t first = usage.tokens - usage.generated_tokens;
  return numbers_out<int32_t>([&](int32_t* ids, size_t capacity, size_t* size) {
    return hadal_session_tokens(session, first, ids, capacity, size);
  });
}

int run_prompt(const RunPrompt& ask) {
  const Runtime runtime = make_runtime(ask.options);
  const std::string prompt = ask.file.empty() ? ask.prompt : read_input(ask.file);
  const Model model = open_model(runtime.get(), ask.options);
  const Session session = make_session(model.get());
  const auto bytes = static_cast<int64_t>(prompt.size());
  // Raw text is the caller's whole prompt, the special tokens written in it included.
  if (ask.fill)
    check(hadal_session_fill(session.get(), prompt.data(), bytes, ask.suffix.data(), static_cast<int64_t>(ask.suffix.size())));
  else if (ask.raw) check(hadal_session_add_text(session.get(), prompt.data(), bytes, HADAL_SPECIAL));
  else check(hadal_session_add(session.get(), "user", prompt.data(), bytes));

  std::string answer, thought, calls;
  // Plain output holds the answer alone; thoughts are shown only to somebody who watches.
  ReplyPrinter printer(terminal::is_output() ? Thoughts::dimmed : Thoughts::hidden);
  const hadal_usage usage = stream_answer(session.get(), [&](int32_t kind, std::string_view text) {
    (kind == HADAL_THOUGHT ? thought : kind == HADAL_TOOL_CALL ? calls : answer) += text;
    if (!ask.options.json) printer.piece(kind, text);
  });
  if (ask.options.json) {
    Json out{{"text", answer}, {"thought", thought}};
    if (!calls.empty()) out["tool_calls"] = calls;
    out["tokens"] = generated_tokens(session.get(), usage);
    out["prompt_tokens"] = usage.prompt_tokens;
    out["finish"] = finish_name(usage.finish);
    out["usage"] = usage_json(usage);
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    printer.finish();
    if (terminal::is_output()) fmt::print("{}{}{}\n", terminal::dim(), speed_line(usage), terminal::plain());
  }
  note(ask.options, speed_line(usage));
  return interrupt::asked() ? kExitInterrupted : 0;
}

}  // namespace

Run add_run(CLI::App& app) {
  auto ask = std::make_shared<RunPrompt>();
  add_model(app, ask->options);
  CLI::Option* prompt = app.add_option("PROMPT", ask->prompt, "What to say to the model");
  CLI::Option* file = app.add_option("--file", ask->file, "The prompt from a file; - is standard input")->excludes(prompt);
  CLI::Option* raw = app.add_flag("--raw", ask->raw, "No template: the model goes on from the prompt as it is");
  CLI::Option* suffix =
      app.add_option("--suffix", ask->suffix, "Fill in the middle: code that follows what is missing after the prompt")
          ->excludes(raw);
  add_flags(app, ask->options);
  return [ask, prompt, file, suffix] {
    ask->fill = !suffix->empty();
    if (prompt->empty() && file->empty()) throw Failure("run: PROMPT or --file is required", kExitUsage);
    return run_prompt(*ask);
  };
}
