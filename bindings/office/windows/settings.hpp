// What the user set in %APPDATA%\Hadal\office.txt, the file that the templates and the LibreOffice extension share:
// lines `key = value`, UTF-8, \n in a value for a line break.
#pragma once

#include <string>
#include <vector>

struct Settings {
  std::wstring model;                  // a GGUF file, a model folder, a name in the Ollama store; "" = the first found
  std::wstring options;                // further options of hadal.h
  std::wstring system;
  std::wstring temperature = L"0.6";
  std::wstring max_tokens = L"1024";   // of an answer in a document
  std::wstring cell_tokens = L"256";   // of an answer in a cell
};

Settings read_settings();

// `text` in double quotes, as option texts want it.
std::wstring quoted_option(const std::wstring& text);
// The settings as an option text; what `options` says counts most.
std::wstring session_options(const Settings& settings, const std::wstring& max_tokens);

// The model to open when none is named: the one set, else HADAL_MODEL, else the first GGUF file of the model folders.
// Throws Failure(HADAL_NOT_FOUND), whose sentence says what to do.
std::wstring default_model(const Settings& settings);

// Models on this machine, best guess first: the default, GGUF files of the model folders, names of the Ollama store.
std::vector<std::wstring> installed_models();
