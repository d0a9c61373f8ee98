#include "knowledge_view.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "terminal.hpp"

namespace {

using Json = nlohmann::ordered_json;

// A number of cells of a text, the end of it replaced by an ellipsis if it has more.
std::string clipped(std::string text, int cells) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  if (terminal::width_of(text) <= cells) return text;
  while (!text.empty() && terminal::width_of(text) > cells - 1) {
    while (text.size() > 1 && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    text.pop_back();   // the first byte of the last character
  }
  return text + "…";
}

std::string padded(const std::string& text, int cells) {
  return text + std::string(size_t(std::max(0, cells - terminal::width_of(text))), ' ');
}

// "contract.pdf, pp. 3-4, Payment > Interest"
std::string place_of(const Json& hit) {
  const std::string path = hit.value("path", "");
  std::string out = path.substr(path.find_last_of("/\\") + 1);
  const auto range = [&](const char* one, const char* many, const char* from, const char* to) {
    if (!hit.contains(from) || !hit[from].is_number()) return false;
    const int first = hit[from], last = hit.contains(to) && hit[to].is_number() ? int(hit[to]) : first;
    out += last > first ? fmt::format(", {} {}–{}", many, first, last) : fmt::format(", {} {}", one, first);
    return true;
  };
  if (!range("p.", "pp.", "page", "page_to")) range("row", "rows", "row", "row_to");
  if (const std::string heading = hit.value("heading", ""); !heading.empty()) out += ", " + heading;
  return out;
}

std::string list_rank(const Json& hit, const char* list, const char* name) {
  if (!hit.contains(list) || !hit[list].is_object()) return "";
  return fmt::format(" · {} #{} ({:.3g})", name, int(hit[list]["rank"]), double(hit[list]["score"]));
}

}  // namespace

void show_documents(const std::string& list) {
  const Json documents = Json::parse(list);
  int status = 6, number = 1;
  for (const Json& d : documents) {
    status = std::max(status, int(d.value("status", "").size()));
    number = std::max(number, int(fmt::formatted_size("{}", d.value("document", 0))));
  }
  const int room = std::max(20, terminal::columns() - number - status - 12);
  if (!documents.empty())
    fmt::print("{}{:>{}}  {}  chunks  path{}\n", terminal::dim(), "#", number, padded("status", status), terminal::plain());
  for (const Json& d : documents) {
    const std::string path = terminal::is_output() ? clipped(d.value("path", ""), room) : d.value("path", "");
    fmt::print("{:>{}}  {}  {:>6}  {}\n", d.value("document", 0), number, padded(d.value("status", ""), status), d.value("chunks", 0), path);
    if (const std::string reason = d.value("reason", ""); !reason.empty())
      fmt::print("{}{:>{}}  {}{}\n", terminal::dim(), "", number, reason, terminal::plain());
  }
  fmt::print("{} document{}\n", documents.size(), documents.size() == 1 ? "" : "s");
}

void show_hits(const std::string& text) {
  const Json hits = Json::parse(text);
  int number = 0;
  for (const Json& hit : hits) {
    fmt::print("{}{}. {}{}\n", terminal::bold(), ++number, place_of(hit), terminal::plain());
    fmt::print("{}   {:.4f}{}{} · characters {}–{}{}\n", terminal::dim(), hit.value("score", 0.0), list_rank(hit, "vector", "vector"),
               list_rank(hit, "words", "words"), hit.value("from", 0), hit.value("to", 0), terminal::plain());
    fmt::print("   {}\n\n", clipped(hit.value("text", ""), std::max(40, 3 * (terminal::columns() - 4))));
  }
  if (hits.empty()) fmt::print("nothing found\n");
}

void show_sources(const std::string& citations) {
  const Json sources = Json::parse(citations);
  if (sources.empty()) return;
  fmt::print("\n{}Sources{}\n", terminal::bold(), terminal::plain());
  for (const Json& source : sources)
    fmt::print("{}[{}]{} {}{} · characters {}–{}{}\n", terminal::accent(), source.value("n", 0), terminal::plain(), place_of(source),
               terminal::dim(), source.value("from", 0), source.value("to", 0), terminal::plain());
}
