#include "rag/readers/pdf_paragraphs.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

// What a column looks like, to tell where its paragraphs begin.
struct Column {
  float left = 0, right = 0, leading = 0;
};

float percentile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + std::ptrdiff_t(double(values.size() - 1) * share);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::map<size_t, Column> measure_columns(const std::vector<TextLine>& lines) {
  struct Sample {
    std::vector<float> lefts, rights, steps;
  };
  std::map<size_t, Sample> samples;
  for (size_t i = 0; i < lines.size(); ++i) {
    Sample& sample = samples[lines[i].region];
    sample.lefts.push_back(lines[i].left);
    sample.rights.push_back(lines[i].right);
    if (i == 0 || lines[i - 1].region != lines[i].region) continue;
    const float step = lines[i - 1].baseline - lines[i].baseline;
    if (step > 0.5f * lines[i].size && step < 3 * lines[i].size) sample.steps.push_back(step / lines[i].size);
  }
  std::map<size_t, Column> columns;
  for (auto& [region, sample] : samples)
    columns[region] = {percentile(sample.lefts, 0.1), percentile(sample.rights, 0.9), percentile(sample.steps, 0.4)};
  return columns;
}

std::string first_characters(const TextLine& line) { return line.cells.empty() ? std::string() : line.cells.front(); }

// "•", "–", "(a)", "1." and their like, followed by the item.
bool begins_item(const TextLine& line) {
  const std::string first = first_characters(line);
  for (const std::string_view bullet : {"•", "◦", "‣", "▪", "■", "●", "○", "\xEF\x82\xB7", "–", "—", "*", "-"})
    if (first.starts_with(bullet))
      return (first.size() == bullet.size() && line.cells.size() > 1) ||
             (first.size() > bullet.size() && first[bullet.size()] == ' ');
  size_t at = first.starts_with('(') ? 1 : 0;
  const size_t begin = at;
  while (at < first.size() && first[at] >= '0' && first[at] <= '9') ++at;
  if (at == begin && at < first.size() && first[at] >= 'a' && first[at] <= 'z') ++at;
  if (at == begin || at - begin > 2 || at >= first.size() || (first[at] != '.' && first[at] != ')')) return false;
  ++at;
  return at == first.size() ? line.cells.size() > 1 : first[at] == ' ';
}

char32_t last_character(std::string_view text) {
  size_t at = text.size();
  while (at > 0 && (uint8_t(text[at - 1]) & 0xC0) == 0x80) --at;
  if (at > 0) --at;
  return at < text.size() ? next_character(text, at) : 0;
}

bool ends_sentence(std::string_view text) {
  const char32_t last = last_character(text);
  return last == '.' || last == '!' || last == '?' || last == ':' || last == ';' || last == 0x3002 || last == 0xFF01 ||
         last == 0xFF1F || last == 0xFF1A || last == 0xFF1B || last == 0x201D || last == ')';
}

bool is_lower(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7) || (c >= 0x100 && c < 0x180 && c % 2 == 1) ||
         (c >= 0x3AC && c <= 0x3CE) || (c >= 0x430 && c <= 0x45F);   // Latin, Greek, Cyrillic
}

std::string line_text(const TextLine& line) {
  std::string text;
  for (const std::string& cell : line.cells) {
    if (!text.empty()) text += ' ';
    text += cell;
  }
  return text;
}

// Does `line` begin a paragraph after `before`?
bool begins_paragraph(const TextLine& before, const TextLine& line, const Column& column, const std::string& text,
                      bool item) {
  if (std::abs(line.size - before.size) > 0.12f * std::max(line.size, before.size)) return true;
  if (begins_item(line) && (item || ends_sentence(text) || line.left > column.left + 0.5f * line.size ||
                            first_characters(line)[0] < '0'))
    return true;
  const std::string next = first_characters(line);
  size_t at = 0;
  const char32_t first = next.empty() ? 0 : next_character(next, at);
  if (line.region != before.region)   // the text of a column goes on in the next one
    return ends_sentence(text) ||
           !(is_lower(first) || (joins_without_space(first) && joins_without_space(last_character(text)))) ||
           before.bold != line.bold;
  const float step = before.baseline - line.baseline;
  const float usual = column.leading > 0 ? column.leading * line.size : 1.4f * line.size;
  if (step > 1.3f * usual || step < -0.5f * line.size) return true;
  if (before.bold != line.bold && !is_lower(first)) return true;
  const bool indented = line.left > column.left + 0.8f * line.size,
             was_indented = before.left > column.left + 0.5f * line.size;
  if (!item && indented && !was_indented) return true;
  if (item && !indented && was_indented) return true;
  const float width = column.right - column.left;
  return before.right < column.right - 0.2f * width && ends_sentence(text);
}

bool is_table_line(const TextLine& line) { return line.cells.size() >= 3; }

}  // namespace

void join_line(std::string_view line, std::string& text) {
  if (text.empty()) {
    text = line;
    return;
  }
  size_t at = 0;
  const char32_t next = line.empty() ? 0 : next_character(line, at);
  const char32_t last = last_character(text);
  const size_t last_size = last < 0x80 ? 1 : last < 0x800 ? 2 : 3;
  const bool hyphen = last == '-' || last == 0x2010 || last == 0xAD;
  if (hyphen && is_lower(next) && text.size() > last_size) {
    const std::string_view before = std::string_view(text).substr(0, text.size() - last_size);
    const size_t space = before.find_last_of(' ');
    const std::string_view word = before.substr(space == before.npos ? 0 : space + 1);
    // "state-of-the-" keeps its hyphen: such words are written with them.
    if (is_letter(last_character(before)) && word.find('-') == word.npos) text.resize(before.size());
    text += line;
    return;
  }
  if (!(joins_without_space(last) && joins_without_space(next))) text += ' ';
  text += line;
}

std::vector<PageParagraph> paragraphs_of(const std::vector<TextLine>& lines) {
  const std::map<size_t, Column> columns = measure_columns(lines);
  std::vector<PageParagraph> paragraphs;
  bool item = false, open = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const TextLine& line = lines[i];
    size_t rows = 0;
    while (i + rows < lines.size() && lines[i + rows].region == line.region && is_table_line(lines[i + rows])) ++rows;
    if (rows >= 3) {
      for (size_t k = 0; k < rows; ++k) {
        PageParagraph& row = paragraphs.emplace_back();
        row.kind = PageParagraph::Kind::table_row;
        row.cells = lines[i + k].cells;
        row.size = lines[i + k].size;
        row.characters = lines[i + k].characters;
        row.first_row = k == 0;
      }
      i += rows - 1;
      open = false;
      continue;
    }
    if (!open || begins_paragraph(lines[i - 1], line, columns.at(line.region), paragraphs.back().text, item)) {
      PageParagraph& paragraph = paragraphs.emplace_back();
      item = begins_item(line);
      paragraph.kind = item ? PageParagraph::Kind::list_item : PageParagraph::Kind::text;
      paragraph.size = line.size;
      paragraph.bold = line.bold;
      open = true;
    }
    PageParagraph& paragraph = paragraphs.back();
    join_line(line_text(line), paragraph.text);
    paragraph.bold = paragraph.bold && line.bold;
    paragraph.characters += line.characters;
    ++paragraph.lines;
  }
  return paragraphs;
}

}  // namespace hadal::rag
