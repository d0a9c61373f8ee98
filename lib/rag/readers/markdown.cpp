// Markdown's blocks after CommonMark and GitHub's tables, as far as chunks need them; what stands inside a line stays
// as it is written, but links keep their words only.
#include <string>
#include <string_view>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/text_encoding.hpp"
#include "rag/readers/text_lines.hpp"

namespace hadal::rag {
namespace {

// [words](target) and ![words](target) become their words; `code`, *emphasis* and the rest stay readable as they are.
std::string without_links(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '`') {
      const size_t end = text.find('`', at + 1);
      const size_t stop = end == text.npos ? text.size() : end + 1;
      out += text.substr(at, stop - at);
      at = stop;
      continue;
    }
    const size_t open = text[at] == '[' ? at : text[at] == '!' && at + 1 < text.size() && text[at + 1] == '[' ? at + 1
                                                                                                          : text.npos;
    if (open != text.npos) {
      const size_t close = text.substr(0, open + 1000).find(']', open);
      if (close != text.npos && close + 1 < text.size() && text[close + 1] == '(') {
        const size_t end = text.substr(0, close + 3000).find(')', close);
        if (end != text.npos) {
          out += text.substr(open + 1, close - open - 1);
          at = end + 1;
          continue;
        }
      }
    }
    out += text[at++];
  }
  return out;
}

int atx_level(std::string_view text) {
  size_t hashes = 0;
  while (hashes < text.size() && text[hashes] == '#') ++hashes;
  return hashes >= 1 && hashes <= 6 && (hashes == text.size() || text[hashes] == ' ' || text[hashes] == '\t')
             ? int(hashes) : 0;
}

std::string_view atx_text(std::string_view text, int level) {
  text = trim_ascii(text.substr(size_t(level)));
  const size_t end = text.find_last_not_of('#');
  if (end == text.npos) return {};
  return end + 1 < text.size() && text[end] == ' ' ? trim_ascii(text.substr(0, end)) : text;
}

bool is_run_of(std::string_view text, char c, size_t least) {
  text = trim_ascii(text);
  return text.size() >= least && text.find_first_not_of(c) == text.npos;
}

bool is_rule(std::string_view text) {
  char mark = 0;
  size_t marks = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t') continue;
    if (c != '-' && c != '*' && c != '_') return false;
    if (mark && c != mark) return false;
    mark = c;
    ++marks;
  }
  return marks >= 3;
}

// Bytes of "- ", "* ", "+ ", "1. ", "2) ", or 0.
size_t bullet_size(std::string_view text) {
  if (text.empty()) return 0;
  size_t at = 0;
  if (text[0] == '-' || text[0] == '*' || text[0] == '+') {
    at = 1;
  } else {
    while (at < text.size() && at < 9 && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == 0 || at >= text.size() || (text[at] != '.' && text[at] != ')')) return 0;
    ++at;
  }
  return at < text.size() && (text[at] == ' ' || text[at] == '\t') ? at + 1 : 0;
}

std::vector<std::string> pipe_cells(std::string_view line) {
  constexpr size_t kMostCells = 16384;   // what is beyond belongs to the last one
  line = trim_ascii(line);
  if (line.starts_with('|')) line.remove_prefix(1);
  if (line.ends_with('|') && !line.ends_with("\\|")) line.remove_suffix(1);
  std::vector<std::string> cells(1);
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '|') cells.back() += line[++at];
    else if (line[at] == '|' && cells.size() < kMostCells) cells.emplace_back();
    else cells.back() += line[at];
  }
  for (std::string& cell : cells) cell = without_links(trim_ascii(cell));
  return cells;
}

bool is_table_rule(std::string_view line) {
  bool dash = false, pipe = false;
  for (const char c : line) {
    if (c == '-') dash = true;
    else if (c == '|') pipe = true;
    else if (c != ':' && c != ' ' && c != '\t') return false;
  }
  return dash && pipe;
}

class MarkdownReader {
 public:
  explicit MarkdownReader(const Reading& reading) : reading_(reading), out_(reading) {}

  Document read(std::string_view clean) {
    TextLines lines(clean);
    for (std::string_view line; lines.next(line);) {
      if (lines_.size() >= reading_.limits.blocks) reading_.fail(ReadFailure::too_large, "expected fewer lines");
      lines_.push_back(line);
    }
    size_t at = front_matter();
    while (at < lines_.size()) at = block(at);
    flush();
    return out_.finish("text/markdown");
  }

 private:
  // YAML between two lines of dashes: only its title is wanted.
  size_t front_matter() {
    if (lines_.empty() || lines_[0] != "---") return 0;
    for (size_t i = 1; i < lines_.size() && i < 200; ++i) {
      if (lines_[i].starts_with("title:")) {
        std::string_view title = trim_ascii(lines_[i].substr(6));
        if (title.size() > 1 && (title.front() == '"' || title.front() == '\''))
          title = title.substr(1, title.size() - 2);
        out_.title(title);
      }
      if (lines_[i] == "---" || lines_[i] == "...") return i + 1;
    }
    return 0;
  }

  // Reads what begins in line `at` and returns the line after it.
  size_t block(size_t at) {
    std::string_view line = lines_[at];
    const size_t indent = indent_of(line);
    const bool inside = !text_.empty();
    if (is_blank(line)) {
      flush();
      after_blank_ = true;
      return at + 1;
    }
    while (trim_ascii(line).starts_with('>')) line = trim_ascii(trim_ascii(line).substr(1));   // quotes read as text
    const std::string_view text = trim_ascii(line);
    if (indent < 2 && after_blank_ && bullet_size(text) == 0) in_list_ = false;
    if (text.starts_with("```") || text.starts_with("~~~")) return fenced(at, text);
    if (indent >= 4 && !inside && !in_list_) return indented(at);
    if (const int level = atx_level(text); level > 0 && indent < 4) {
      flush();
      in_list_ = false;
      out_.heading(level, without_links(atx_text(text, level)));
      return at + 1;
    }
    if (inside && !item_ && (is_run_of(text, '=', 1) || is_run_of(text, '-', 2))) {   // the line above was a heading
      std::string heading;
      heading.swap(text_);
      out_.heading(text[0] == '=' ? 1 : 2, without_links(heading));
      return at + 1;
    }
    if (is_rule(text)) {
      flush();
      return at + 1;
    }
    if (text.find('|') != text.npos && at + 1 < lines_.size() && is_table_rule(lines_[at + 1])) return table(at);
    if (const size_t bullet = bullet_size(text); bullet > 0) {
      flush();
      item_ = in_list_ = true;
      depth_ = int(indent / 2) + 1;
      text_ = std::string(trim_ascii(text));
      after_blank_ = false;
      return at + 1;
    }
    if (!text_.empty()) text_ += '\n';
    text_ += text;
    after_blank_ = false;
    return at + 1;
  }

  size_t fenced(size_t at, std::string_view opening) {
    flush();
    const char mark = opening[0];
    size_t length = 0;
    while (length < opening.size() && opening[length] == mark) ++length;
    std::string code;
    for (++at; at < lines_.size(); ++at) {
      if (is_run_of(lines_[at], mark, length)) {
        ++at;
        break;
      }
      code += lines_[at];
      code += '\n';
    }
    out_.code(code);
    after_blank_ = true;
    return at;
  }

  size_t indented(size_t at) {
    std::string code;
    for (; at < lines_.size() && (is_blank(lines_[at]) || indent_of(lines_[at]) >= 4); ++at) {
      if (!is_blank(lines_[at]))
        code += lines_[at].substr(lines_[at][0] == '\t' ? 1 : std::min<size_t>(4, lines_[at].size()));
      code += '\n';
    }
    out_.code(code);
    return at;
  }

  size_t table(size_t at) {
    flush();
    out_.begin_table();
    out_.table_row(pipe_cells(lines_[at]), true);
    for (at += 2; at < lines_.size() && !is_blank(lines_[at]) && lines_[at].find('|') != std::string_view::npos; ++at)
      out_.table_row(pipe_cells(lines_[at]));
    after_blank_ = true;
    return at;
  }

  void flush() {
    const std::string text = without_links(text_);
    if (item_) out_.list_item(depth_, text, true);
    else out_.paragraph(text, true);
    text_.clear();
    item_ = false;
  }

  const Reading& reading_;
  DocumentWriter out_;
  std::vector<std::string_view> lines_;
  std::string text_;      // of the paragraph or list item being read
  bool item_ = false, in_list_ = false, after_blank_ = true;
  int depth_ = 1;
};

}  // namespace

Document read_markdown(const Reading& reading) {
  std::string clean;
  append_clean(decode_text(reading.bytes).text, clean);
  return MarkdownReader(reading).read(clean);
}

}  // namespace hadal::rag
