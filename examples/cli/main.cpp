// The hadal tool: a daily companion and the harness that checks drive. It uses nothing but the public header.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "call.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "platform.hpp"

namespace {

struct Entry {
  const char* name;
  const char* meaning;
  Run (*add)(CLI::App&);
};

constexpr Entry kCommands[] = {
    {"chat", "Talk with a model", add_chat},
    {"run", "One answer to one prompt", add_run},
    {"tokenize", "Text to token ids", add_tokenize},
    {"detokenize", "Token ids to text", add_detokenize},
    {"render", "The exact prompt of a JSON message list on standard input", add_render},
    {"logits", "Logits of every position as a .npy file", add_logits},
    {"score", "Perplexity and bits per byte of a text", add_score},
    {"info", "What a model file holds", add_info},
    {"plan", "Bytes a model will take, before loading it", add_plan},
    {"bench", "Speed beside the limits of this machine", add_bench},
    {"knowledge", "Documents of your own: add, search, ask", add_knowledge},
    {"quantize", "Write a model with other block types", add_quantize},
    {"embed", "Texts to vectors", add_embed},
    {"rerank", "Texts by how well they answer a query", add_rerank},
};

// Every failure is one line, whatever is in the message.
int complain(std::string sentence, int code) {
  for (char& c : sentence)
    if (c == '\n' || c == '\r') c = ' ';
  fmt::print(stderr, "hadal: {}\n", sentence);
  return code;
}

int run_tool(std::vector<std::string> arguments) {
  CLI::App app("DeepSeek models inside your own program; this tool shows what the library can do.", "hadal");
  app.set_version_flag("--version", [] { return fmt::format("hadal {} (interface {})", hadal_version(), hadal_abi()); });
  app.set_help_flag("-h,--help", "Say what there is");

  // Only the command that was asked for gets its flags; the others are names for the help text.
  const std::string wanted = arguments.size() > 1 ? arguments[1] : "";
  Run run;
  for (const Entry& entry : kCommands) {
    CLI::App* command = app.add_subcommand(entry.name, entry.meaning);
    command->set_help_flag("-h,--help", "Say what there is");
    if (wanted == entry.name) run = entry.add(*command);
  }
  if (!run && !wanted.empty() && wanted.front() != '-')
    return complain(fmt::format("{}: no such command (see: hadal --help)", wanted), kExitUsage);
  try {
    arguments.erase(arguments.begin(), arguments.begin() + std::min<ptrdiff_t>(1, std::ssize(arguments)));
    std::reverse(arguments.begin(), arguments.end());   // so CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return complain(fmt::format("{} (see: hadal {}--help)", e.what(), run ? wanted + " " : ""), kExitUsage);
  }
  if (!run) return complain("a command comes first (see: hadal --help)", kExitUsage);
  const int code = run();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return complain("standard output: writing failed", kExitFailed);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  platform::prepare();
  interrupt::install();
  try {
    return run_tool(platform::arguments(argc, argv));
  } catch (const Failure& e) {
    std::fflush(stdout);
    return complain(e.what(), e.exit_code);
  } catch (const std::exception& e) {
    return complain(e.what(), kExitFailed);
  }
}
