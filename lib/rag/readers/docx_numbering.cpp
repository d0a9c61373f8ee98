#include "rag/readers/docx_numbering.hpp"

#include <algorithm>
#include <cstdlib>

#include "rag/readers/markup.hpp"
#include "rag/readers/packed_xml.hpp"

namespace hadal::rag {
namespace {

std::string roman(int64_t count) {
  constexpr std::pair<int, std::string_view> kSigns[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                                                         {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                                                         {5, "V"},    {4, "IV"},   {1, "I"}};
  std::string out;
  for (const auto& [value, sign] : kSigns)
    for (; count >= value; count -= value) out += sign;
  return out;
}

std::string letters(int64_t count) {   // a ... z, aa, bb, ...
  return std::string(size_t((count - 1) / 26 + 1), char('a' + (count - 1) % 26));
}

std::string chinese(int64_t count) {
  constexpr std::string_view kDigits[] = {"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
  if (count < 10) return std::string(kDigits[count]);
  if (count < 100) {
    std::string out = count < 20 ? "" : std::string(kDigits[count / 10]);
    out += "十";
    return count % 10 ? out + std::string(kDigits[count % 10]) : out;
  }
  std::string out = std::string(kDigits[count / 100]) + "百";
  if (count % 100 == 0) return out;
  if (count % 100 < 10) return out + "〇" + std::string(kDigits[count % 10]);
  return out + std::string(kDigits[count % 100 / 10]) + "十" + (count % 10 ? std::string(kDigits[count % 10]) : "");
}

}  // namespace

std::string numbered(int64_t count, std::string_view format) {
  if (count < 1 || count > 999) return std::to_string(count);
  if (format == "lowerLetter") return letters(count);
  if (format == "upperLetter" || format == "upperRoman" || format == "lowerRoman") {
    std::string out = format == "upperLetter" ? letters(count) : roman(count);
    for (char& c : out) {
      if (format == "upperLetter") c = char(c - 32);
      if (format == "lowerRoman") c = char(c + 32);
    }
    return out;
  }
  if (format.starts_with("chinese") || format.starts_with("taiwanese") || format.starts_with("ideograph") ||
      format == "japaneseCounting")
    return chinese(count);
  if (format == "decimalZero" && count < 10) return "0" + std::to_string(count);
  return std::to_string(count);
}

DocxNumbering::DocxNumbering(ZipArchive& archive, std::string_view part) {
  if (!archive.has(part)) return;
  const std::string text = xml_part(archive, part);
  MarkupReader xml(text, MarkupReader::Dialect::xml);
  std::string list, abstract;
  Level* level = nullptr;
  for (auto token = xml.next(); token != MarkupReader::Token::finished; token = xml.next()) {
    if (token == MarkupReader::Token::end && xml.name() == "lvl") level = nullptr;
    if (token != MarkupReader::Token::start) continue;
    const std::string name(xml.name());
    if (name == "abstractNum") {
      abstract = xml.attribute("abstractNumId");
    } else if (name == "num") {
      list = xml.attribute("numId");
    } else if (name == "abstractNumId") {
      abstract_of_[list] = xml.attribute("val");
    } else if (name == "lvlOverride") {
      xml.skip_element();
    } else if (name == "lvl") {
      const int which = whole_number(xml.attribute("ilvl"), -1);
      const bool known = abstract_.size() < kMostLists || abstract_.contains(abstract);
      level = known && which >= 0 && which < int(kLevels) ? &abstract_[abstract].levels[size_t(which)] : nullptr;
    } else if (level && name == "start") {
      level->start = whole_number(xml.attribute("val"), 1);
    } else if (level && name == "numFmt") {
      level->format = xml.attribute("val");
    } else if (level && name == "lvlText") {
      level->text = xml.attribute("val");
    }
  }
}

std::string DocxNumbering::next(const std::string& list, size_t level) {
  const auto which = abstract_of_.find(list);
  if (which == abstract_of_.end() || level >= kLevels) return {};
  const auto found = abstract_.find(which->second);
  if (found == abstract_.end()) return {};
  const auto& levels = found->second.levels;
  auto [counts, fresh] = counts_.try_emplace(which->second);
  if (fresh)
    for (size_t i = 0; i < kLevels; ++i) counts->second[i] = levels[i].start - 1;
  ++counts->second[level];
  for (size_t i = level + 1; i < kLevels; ++i) counts->second[i] = levels[i].start - 1;
  if (levels[level].format == "bullet" || levels[level].format == "none") return {};
  std::string out;
  const std::string& text = levels[level].text;
  for (size_t at = 0; at < text.size() && out.size() < 200; ++at) {
    if (text[at] == '%' && at + 1 < text.size() && text[at + 1] >= '1' && text[at + 1] <= '9') {
      const size_t other = size_t(text[++at] - '1');
      // A level above that has not begun yet counts as begun.
      out += numbered(std::max(counts->second[other], levels[other].start), levels[other].format);
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace hadal::rag
