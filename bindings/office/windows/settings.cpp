#include "settings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "failure.hpp"

namespace {

namespace fs = std::filesystem;

constexpr size_t kLargestSettings = 1 << 20;
constexpr int kMostOllamaNames = 1000;

std::wstring variable(const wchar_t* name) {
  std::wstring value(256, L'\0');
  for (;;) {
    const DWORD length = GetEnvironmentVariableW(name, value.data(), DWORD(value.size()));
    const bool whole = length < value.size();
    value.resize(length);
    if (whole) return value;
  }
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char block[4096];
  while (text.size() < kLargestSettings && (file.read(block, sizeof block), file.gcount() > 0))
    text.append(block, size_t(file.gcount()));
  return text;
}

std::wstring trimmed(std::wstring text) {
  const wchar_t* blanks = L" \t\r\xFEFF";
  text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
  text.erase(text.find_last_not_of(blanks) + 1);
  return text;
}

std::wstring with_line_breaks(std::wstring text) {
  for (size_t at = 0; (at = text.find(L"\\n", at)) != std::wstring::npos; ++at) text.replace(at, 2, L"\n");
  return text;
}

// Where people and hadal's tools keep models, in this order.
std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  for (const wchar_t* name : {L"XDG_CACHE_HOME", L"LOCALAPPDATA"})
    if (const std::wstring base = variable(name); !base.empty()) {
      folders.push_back(fs::path(base) / L"Hadal" / L"models");
      folders.push_back(fs::path(base) / L"Hadal");
      if (std::wstring_view(name) == L"XDG_CACHE_HOME") folders.push_back(fs::path(base) / L"hadal");
    }
  return folders;
}

std::vector<std::wstring> gguf_files() {
  std::vector<std::wstring> found;
  for (const fs::path& folder : model_folders()) {
    std::vector<std::wstring> here;
    std::error_code ignored;
    for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
      std::wstring extension = at->path().extension().wstring();
      for (wchar_t& c : extension) c = c < 0x80 ? wchar_t(std::tolower(c)) : c;
      if (extension == L".gguf") here.push_back(at->path().wstring());
    }
    std::sort(here.begin(), here.end());
    found.insert(found.end(), here.begin(), here.end());
  }
  return found;
}

std::vector<std::wstring> ollama_names() {
  std::wstring store = variable(L"OLLAMA_MODELS");
  if (store.empty()) store = variable(L"USERPROFILE") + L"\\.ollama\\models";
  const fs::path library = fs::path(store) / L"manifests" / L"registry.ollama.ai" / L"library";
  std::vector<std::wstring> names;
  std::error_code ignored;
  for (fs::directory_iterator model(library, ignored), end; !ignored && model != end; model.increment(ignored)) {
    std::error_code inside;
    for (fs::directory_iterator tag(model->path(), inside); !inside && tag != end; tag.increment(inside))
      if (names.size() < kMostOllamaNames)
        names.push_back(model->path().filename().wstring() + L":" + tag->path().filename().wstring());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Settings read_settings() {
  Settings settings;
  const std::wstring base = variable(L"APPDATA");
  if (base.empty()) return settings;
  const std::wstring text = from_utf8(read_file(fs::path(base) / L"Hadal" / L"office.txt"));
  const std::pair<const wchar_t*, std::wstring*> known[] = {
      {L"model", &settings.model},             {L"options", &settings.options},
      {L"system", &settings.system},           {L"temperature", &settings.temperature},
      {L"max_tokens", &settings.max_tokens},   {L"cell_tokens", &settings.cell_tokens}};
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(L'\n', at), text.size());
    const std::wstring line = trimmed(text.substr(at, end - at));
    at = end + 1;
    const size_t equals = line.find(L'=');
    if (line.starts_with(L"#") || equals == std::wstring::npos) continue;
    const std::wstring key = trimmed(line.substr(0, equals));
    for (const auto& [name, value] : known)
      if (key == name) *value = with_line_breaks(trimmed(line.substr(equals + 1)));
  }
  return settings;
}

std::wstring quoted_option(const std::wstring& text) {
  std::wstring out = L"\"";
  for (const wchar_t c : text) {
    if (c == L'\n') {
      out += L"\\n";
      continue;
    }
    if (c == L'"' || c == L'\\') out += L'\\';
    out += c;
  }
  return out + L'"';
}

std::wstring session_options(const Settings& settings, const std::wstring& max_tokens) {
  std::wstring out = L"temperature=" + settings.temperature + L"; max_tokens=" + max_tokens;
  if (!settings.system.empty()) out += L"; system=" + quoted_option(settings.system);
  if (!settings.options.empty()) out += L"; " + settings.options;
  return out;
}

std::wstring default_model(const Settings& settings) {
  if (!settings.model.empty()) return settings.model;
  if (const std::wstring named = variable(L"HADAL_MODEL"); !named.empty()) return named;
  if (const std::vector<std::wstring> found = gguf_files(); !found.empty()) return found.front();
  throw Failure{HADAL_NOT_FOUND, L"no model is set: put a GGUF file into the folder %LOCALAPPDATA%\\Hadal\\models, or write "
                                 L"a line \"model = C:\\path\\to\\model.gguf\" into %APPDATA%\\Hadal\\office.txt"};
}

std::vector<std::wstring> installed_models() {
  std::vector<std::wstring> models;
  const auto add = [&](const std::wstring& name) {
    if (!name.empty() && std::find(models.begin(), models.end(), name) == models.end()) models.push_back(name);
  };
  add(read_settings().model);
  add(variable(L"HADAL_MODEL"));
  for (const std::wstring& file : gguf_files()) add(file);
  for (const std::wstring& name : ollama_names()) add(name);
  return models;
}
