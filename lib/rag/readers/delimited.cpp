// csv and tsv: quoting after RFC 4180, the delimiter found, the first record as header when it looks like one.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/table_header.hpp"
#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

class RecordReader {
 public:
  RecordReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}

  // The next record; `line` is where it begins, from 1.
  bool next(std::vector<std::string>& cells, uint32_t& line) {
    if (at_ >= text_.size()) return false;
    cells.clear();
    line = line_;
    bool more = true;
    while (more) {
      if (cells.size() < kMostCells) cells.emplace_back();
      else cells.back() += ' ';
      more = cell(cells.back());
    }
    return true;
  }

 private:
  // Reads one cell; true if another follows in this record.
  bool cell(std::string& out) {
    if (at_ < text_.size() && text_[at_] == '"') quoted(out);
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == delimiter_) return true;
      if (c == '\n') {
        ++line_;
        return false;
      }
      out += c;
    }
    return false;
  }

  // A quote that is never closed is an ordinary character: otherwise it would swallow the rest of the file.
  void quoted(std::string& out) {
    const size_t begin = at_++, before = out.size();
    uint32_t lines = 0;
    for (; at_ < text_.size() && at_ - begin < kLongestQuoted; ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          out += '"';
          ++at_;
          continue;
        }
        ++at_;
        line_ += lines;
        return;
      }
      lines += text_[at_] == '\n';
      out += text_[at_];
    }
    out.resize(before);
    at_ = begin;
    out += text_[at_++];
  }

  static constexpr size_t kLongestQuoted = size_t{1} << 16;
  static constexpr size_t kMostCells = 16384;   // what is beyond belongs to the last one
  std::string_view text_;
  char delimiter_;
  size_t at_ = 0;
  uint32_t line_ = 1;
};

// The candidate that gives the most records the same number of cells, more than one.
char find_delimiter(std::string_view text) {
  constexpr std::string_view kCandidates = ",\t;|";
  constexpr size_t kRecords = 50;
  char best = ',';
  double best_score = 0;
  for (const char candidate : kCandidates) {
    RecordReader records(text.substr(0, 65536), candidate);
    std::vector<size_t> widths;
    std::vector<std::string> cells;
    for (uint32_t line = 0; widths.size() < kRecords && records.next(cells, line);)
      if (cells.size() > 1 || !is_space(cells[0].empty() ? ' ' : char32_t(uint8_t(cells[0][0]))))
        widths.push_back(cells.size());
    if (widths.empty()) continue;
    std::vector<size_t> sorted = widths;
    std::sort(sorted.begin(), sorted.end());
    const size_t usual = sorted[sorted.size() / 2];
    if (usual < 2) continue;
    const double same = double(std::count(widths.begin(), widths.end(), usual)) / double(widths.size());
    const double score = same + 0.01 * double(std::min<size_t>(usual, 20));
    if (score > best_score) best_score = score, best = candidate;
  }
  return best;
}

}  // namespace

Document read_delimited(const Reading& reading, char delimiter) {
  std::string text;
  append_clean(decode_text(reading.bytes).text, text);
  const char comma = delimiter ? delimiter : find_delimiter(text);
  DocumentWriter out(reading);
  out.begin_table();
  RecordReader records(text, comma);
  std::vector<std::string> cells;
  bool first = true;
  for (uint32_t line = 0; records.next(cells, line);) {
    out.row = line;
    if (std::all_of(cells.begin(), cells.end(), [](const std::string& c) { return trim_ascii(c).empty(); })) continue;
    out.table_row(cells, first && looks_like_header(cells));
    first = false;
  }
  return out.finish(comma == '\t' ? "text/tab-separated-values" : "text/csv");
}

}  // namespace hadal::rag
