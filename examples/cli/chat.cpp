// hadal chat [MODEL]: a conversation in the terminal.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "answer.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "line_editor.hpp"
#include "model_options.hpp"
#include "reply_printer.hpp"
#include "terminal.hpp"

namespace {

constexpr const char* kHelp =
    "  /set             every option with its value      /set KEY VALUE   change one\n"
    "  /save FILE       keep this conversation           /load FILE       go on with a kept one\n"
    "  /clear           start anew                       /bye             leave (or Ctrl-D)\n"
    "  Ctrl-C stops an answer, a second one leaves. Alt-Enter makes a line break.\n"
    "  A line of \"\"\" begins and ends a text of several lines.\n";

struct Line {
  LineEnd end;
  std::string text;
};

class Chat {
 public:
  Chat(hadal_session* session, bool watched) : session_(session), watched_(watched) {}

  int run() {
    for (bool warned = false;;) {
      const Line line = next_message();
      if (line.end == LineEnd::end_of_input) return 0;
      if (line.end == LineEnd::interrupted) {
        if (warned || !watched_) return kExitInterrupted;
        fmt::print("{}Ctrl-C again or /bye leaves.{}\n", terminal::dim(), terminal::plain());
        warned = true;
        continue;
      }
      warned = false;
      if (line.text.find_first_not_of(" \t\n") == std::string::npos) continue;
      if (line.text == "/bye" || line.text == "/exit" || line.text == "/quit") return 0;
      attempt([&] { line.text.front() == '/' ? command(line.text) : turn(line.text); });
    }
  }

 private:
  // Somebody at a terminal sees what failed and goes on; a script that feeds the chat stops.
  template <class Body>
  void attempt(Body&& body) {
    try {
      body();
    } catch (const Failure& e) {
      if (!watched_) throw;
      fmt::print("{}\n", e.what());
    }
    std::fflush(stdout);
  }

  Line next_line(const char* prompt) {
    Line line;
    if (watched_) {
      line.end = editor_.read(prompt, line.text);
    } else {
      int c;
      while ((c = std::getc(stdin)) != EOF && c != '\n') line.text += static_cast<char>(c);
      line.end = c == EOF && line.text.empty() ? LineEnd::end_of_input : LineEnd::entered;
      if (interrupt::asked()) line.end = LineEnd::interrupted;
    }
    return line;
  }

  Line next_message() {
    Line line = next_line(">>> ");
    constexpr std::string_view kQuotes = "\"\"\"";
    if (line.end != LineEnd::entered || !line.text.starts_with(kQuotes)) return line;
    std::string text = line.text.substr(kQuotes.size());
    while (!text.ends_with(kQuotes)) {
      line = next_line("... ");
      if (line.end != LineEnd::entered) return line;
      text += (text.empty() ? "" : "\n") + line.text;
    }
    text.resize(text.size() - kQuotes.size());
    return {LineEnd::entered, text};
  }

  void turn(const std::string& text) {
    interrupt::clear();
    check(hadal_session_add(session_, "user", text.data(), static_cast<int64_t>(text.size())));
    ReplyPrinter printer(watched_ && terminal::is_output() ? Thoughts::dimmed : Thoughts::marked);
    const hadal_usage usage = stream_answer(session_, [&](int32_t kind, std::string_view piece) { printer.piece(kind, piece); });
    printer.finish();
    fmt::print("{}{}{}\n", terminal::dim(), speed_line(usage), terminal::plain());
    if (watched_) fmt::print("\n");
    interrupt::clear();
  }

  void command(const std::string& line) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string name = line.substr(0, space);
    const size_t start = line.find_first_not_of(' ', space);
    const std::string rest = start == std::string::npos ? "" : line.substr(start);
    if (name == "/?" || name == "/help") fmt::print("{}", kHelp);
    else if (name == "/set") set(rest);
    else if (name == "/save") save(rest);
    else if (name == "/load") load(rest);
    else if (name == "/clear") check(hadal_session_reset(session_));
    else throw Failure(fmt::format("{}: no such command; /? lists them", name));
  }

  void set(const std::string& rest) {
    const size_t space = std::min(rest.find_first_of(" ="), rest.size());
    const std::string key = rest.substr(0, space);
    const size_t start = rest.find_first_not_of(" =", space);
    if (key.empty()) {
      const auto options = nlohmann::json::parse(describe("options"), nullptr, false);
      for (const auto& option : options)
        if (option.value("level", "") == "session")
          fmt::print("  {:20} {:12} {}{}{}\n", option.value("key", ""), session_get(session_, option.value("key", "").c_str()),
                     terminal::dim(), option.value("meaning", ""), terminal::plain());
    } else if (start == std::string::npos) {
      fmt::print("  {:20} {}\n", key, session_get(session_, key.c_str()));
    } else {
      check(hadal_session_set(session_, key.c_str(), rest.substr(start).c_str()));
    }
  }

  void save(const std::string& path) {
    if (path.empty()) throw Failure("/save needs a file name");
    size_t size = 0;
    check(hadal_session_save(session_, nullptr, 0, &size));
    std::vector<char> bytes(size);
    check(hadal_session_save(session_, bytes.data(), bytes.size(), &size));
    write_output(path, {bytes.data(), size});
    fmt::print("{}saved to {}{}\n", terminal::dim(), path, terminal::plain());
  }

  void load(const std::string& path) {
    if (path.empty()) throw Failure("/load needs a file name");
    const std::string bytes = read_input(path);
    check(hadal_session_restore(session_, bytes.data(), bytes.size()));
    fmt::print("{}{} tokens of conversation are back{}\n", terminal::dim(), session_get(session_, "tokens"), terminal::plain());
  }

  hadal_session* session_;
  bool watched_;   // somebody types and reads
  LineEditor editor_;
};

int chat(ModelOptions& options) {
  if (options.model.empty()) options.model = default_model();
  if (options.model.empty())
    throw Failure("chat: no MODEL was named and the default model is not in the cache; ./demo.sh fetches it, or name a GGUF "
                  "file, a model folder or a name of the Ollama store");
  const Runtime runtime = make_runtime(options);
  const Model model = open_model(runtime.get(), options);
  const Session session = make_session(model.get());
  const bool watched = terminal::is_input() && terminal::is_output();
  if (watched) {
    std::string name = model_get_or_empty(model.get(), "name");
    if (name.empty()) name = options.model;
    hadal_usage usage{};
    usage.size = sizeof usage;
    check(hadal_session_usage(session.get(), &usage));
    fmt::print("{}{}{} {}{} tokens of context; /? says what there is{}\n", terminal::bold(), name, terminal::plain(),
               terminal::dim(), usage.context, terminal::plain());
  }
  return Chat(session.get(), watched).run();
}

}  // namespace

Run add_chat(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  app.add_option("MODEL", options->model, "A GGUF file, a folder with config.json, or a name in the Ollama store; "
                                          "without it the model that demo.sh fetched");
  add_flags(app, *options);
  return [options] { return chat(*options); };
}
