// One function per command, each in the file of its name: adds its flags to the app and gives what to run.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

using Run = std::function<int()>;   // the exit code; a Failure says more

Run add_chat(CLI::App& app);
Run add_run(CLI::App& app);
Run add_tokenize(CLI::App& app);
Run add_detokenize(CLI::App& app);
Run add_render(CLI::App& app);
Run add_logits(CLI::App& app);
Run add_score(CLI::App& app);
Run add_info(CLI::App& app);
Run add_plan(CLI::App& app);
Run add_bench(CLI::App& app);
Run add_knowledge(CLI::App& app);
Run add_quantize(CLI::App& app);
Run add_embed(CLI::App& app);
Run add_rerank(CLI::App& app);
