// The flags every command shares. Each option key of the library is a flag of the same name, made from
// hadal_describe("options"), so nothing exists in the tool alone.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "call.hpp"

struct ModelOptions {
  std::string model;
  std::vector<std::pair<std::string, std::string>> settings;   // key, value in the order given
  bool verbose = false;
  bool json = false;

  // The value given for a key, or "".
  std::string value_of(const std::string& key) const;
  // As the text the library takes: key="value"; ...
  std::string text() const;
};

// Adds the positional MODEL (unless the command names its own), --json, --verbose, --option and the keys.
void add_model(CLI::App& command, ModelOptions& options);
void add_flags(CLI::App& command, ModelOptions& options);
// Of the keys of the level "knowledge", these.
void add_knowledge_flags(CLI::App& command, ModelOptions& options, const std::vector<std::string>& keys);

// A runtime with these options as defaults for everything below. A key or value the library does not know is wrong
// usage. With --verbose what the library logs goes to standard error.
Runtime make_runtime(const ModelOptions& options);

// Opens the model with a progress bar; `extra` holds further option text, such as "tokenizer_only=on".
Model open_model(hadal_runtime* runtime, const ModelOptions& options, const std::string& extra = "");

Session make_session(hadal_model* model, const std::string& extra = "");

// A key and a value as option text, quoted where it must be.
std::string option_text(const std::string& key, const std::string& value);

// Where demo.sh keeps the default model; "" if it is not there.
std::string default_model();

// --verbose: what a user should know about the model, such as a missing layer for drafts.
void note(const ModelOptions& options, const std::string& sentence);

// The whole of a file, or of standard input for "-".
std::string read_input(const std::string& path);
void write_output(const std::string& path, std::string_view bytes);
