#include "rag/readers/pdf_layout.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

// All lengths in ems of the text they are measured on.
constexpr float kWordGap = 0.12f;       // narrower gaps are kerning
constexpr float kCellGap = 1.0f;        // wider ones part columns and cells; justified spaces stay below
constexpr float kSameBaseline = 0.08f;

// A run of glyphs on one baseline without wide gaps.
struct Span {
  std::string text;
  float left = 0, right = 0, baseline = 0, size = 0;
  size_t characters = 0, bold_characters = 0;
  bool space_before = false, space_after = false;

  float top() const { return baseline + 0.75f * size; }
  float bottom() const { return baseline - 0.25f * size; }
};
using Spans = std::vector<const Span*>;

// Turns a glyph so that its line runs to the right; vertical lines so that the rightmost is on top.
std::pair<float, float> in_frame(const PlacedGlyph& glyph) {
  if (glyph.vertical) return {-glyph.y, glyph.x};
  switch (glyph.degrees) {
    case 0: return {glyph.x, glyph.y};
    case 90: return {glyph.y, -glyph.x};
    case 180: return {-glyph.x, -glyph.y};
    case 270: return {-glyph.y, glyph.x};
    default: break;
  }
  const float angle = float(glyph.degrees) * 0.017453293f, c = std::cos(angle), s = std::sin(angle);
  return {glyph.x * c + glyph.y * s, -glyph.x * s + glyph.y * c};
}

class SpanBuilder {
 public:
  explicit SpanBuilder(const PageText& page) : page_(page) {}

  std::vector<Span> build(const std::vector<const PlacedGlyph*>& glyphs) {
    for (const PlacedGlyph* glyph : glyphs) add(*glyph);
    finish();
    return std::move(spans_);
  }

 private:
  void add(const PlacedGlyph& glyph) {
    const auto [u, v] = in_frame(glyph);
    const float em = std::max(glyph.size, 1.0f);
    const bool continues = open_ && std::abs(v - span_.baseline) < kSameBaseline * std::max(em, span_.size) &&
                           u - span_.right < kCellGap * em && u - span_.right > -0.4f * em &&
                           glyph.size < 1.6f * span_.size && span_.size < 1.6f * glyph.size;
    if (glyph.text_size == 0) {   // white space: it counts where something follows
      if (continues) space_ = true;
      else if (!open_ || std::abs(v - span_.baseline) > kSameBaseline * em) finish(), leading_space_ = true;
      else space_ = true;
      return;
    }
    const std::string_view text = std::string_view(page_.text).substr(glyph.text_at, glyph.text_size);
    // Bold made by painting twice.
    if (open_ && !space_ && text == last_text_ && std::abs(u - last_u_) < 0.15f * em &&
        std::abs(v - span_.baseline) < 0.15f * em)
      return;
    if (!continues) {
      const bool space_before = leading_space_;
      finish();
      open_ = true;
      span_.left = u;
      span_.baseline = v;
      span_.size = glyph.size;
      span_.space_before = space_before;
    } else if (space_ || u - span_.right > kWordGap * em) {
      span_.text += ' ';
    }
    leading_space_ = space_ = false;
    span_.text += text;
    ++span_.characters;
    // The size of most characters, by majority vote: a bullet may be smaller than its item.
    if (std::abs(glyph.size - span_.size) < 0.01f * em) ++votes_;
    else if (--votes_ < 0) span_.size = glyph.size, votes_ = 1;
    span_.bold_characters += glyph.bold;
    span_.right = std::max(span_.right, u + glyph.advance);
    if (span_.characters == 1) span_.right = u + glyph.advance;
    last_text_ = text;
    last_u_ = u;
  }

  void finish() {
    if (open_) {
      span_.space_after = space_;
      spans_.push_back(std::move(span_));
    }
    span_ = Span{};
    votes_ = 0;
    open_ = space_ = leading_space_ = false;
  }

  const PageText& page_;
  std::vector<Span> spans_;
  Span span_;
  std::string_view last_text_;
  float last_u_ = 0;
  int votes_ = 0;
  bool open_ = false, space_ = false, leading_space_ = false;
};

template <class Value, class Of>
float median(const Spans& spans, Of of) {
  if (spans.empty()) return 0;
  std::vector<Value> values;
  for (const Span* span : spans) values.push_back(of(*span));
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return float(*middle);
}

// Running text fills its column with lines of many characters.
bool is_prose(const Spans& spans) {
  if (spans.size() < 3) return false;
  float left = spans[0]->left, right = spans[0]->right;
  size_t wide_characters = 0, characters = 0;
  for (const Span* span : spans) {
    left = std::min(left, span->left);
    right = std::max(right, span->right);
    characters += span->characters;
    size_t at = 0;
    if (!span->text.empty())
      wide_characters += joins_without_space(next_character(span->text, at)) ? span->characters : 0;
  }
  const float least = wide_characters * 2 > characters ? 9 : 16;
  return median<size_t>(spans, [](const Span& s) { return s.characters; }) >= least &&
         median<float>(spans, [](const Span& s) { return s.right - s.left; }) >= 0.5f * (right - left);
}

// Where a gutter runs between two columns, or not at all.
bool find_gutter(const Spans& spans, float& gutter) {
  constexpr size_t kLeast = 4;
  if (spans.size() < 2 * kLeast) return false;
  float left = spans[0]->left, right = spans[0]->right;
  for (const Span* span : spans) {
    left = std::min(left, span->left);
    right = std::max(right, span->right);
  }
  const float em = median<float>(spans, [](const Span& s) { return s.size; });
  if (!(right - left > 10 * em) || em <= 0) return false;
  constexpr size_t kBins = 600;
  const float step = (right - left) / float(kBins);
  const auto bin = [&](float x) { return size_t(std::clamp((x - left) / step, 0.0f, float(kBins - 1))); };
  std::vector<int> starts(kBins + 1, 0), ends(kBins + 1, 0);
  for (const Span* span : spans) {
    ++starts[bin(span->left)];
    ++ends[bin(span->right)];
  }
  double best = 0;
  int started = 0, ended = 0;   // spans that begin at or left of this bin; that end left of it
  size_t run = 0;
  int run_crossing = -1;
  for (size_t i = 0; i < kBins; ++i) {
    started += starts[i];
    const int crossing = started - ended;
    ended += ends[i];
    const int on_left = ended - ends[i], on_right = int(spans.size()) - started;
    run = crossing == run_crossing && starts[i] == 0 ? run + 1 : 1;
    run_crossing = crossing;
    const float width = float(run) * step;
    if (width < 0.8f * em || std::min(on_left, on_right) < int(kLeast)) continue;
    const double score = std::min(on_left, on_right) - 1.0 * crossing + 0.02 * double(run);
    if (score > best) {
      best = score;
      gutter = left + (float(i) + 0.5f) * step - width / 2;
    }
  }
  return best > 0;
}

class Cutter {
 public:
  std::vector<Spans> cut(Spans spans) {
    regions_.clear();
    split(std::move(spans), 0);
    return std::move(regions_);
  }

 private:
  void split(Spans spans, int depth) {
    float gutter = 0;
    if (depth > 5 || !find_gutter(spans, gutter)) return put(spans);
    std::stable_sort(spans.begin(), spans.end(),
                     [](const Span* a, const Span* b) { return a->baseline > b->baseline; });
    const auto crosses = [&](const Span* s) { return s->left < gutter && s->right > gutter; };
    Spans band, across;
    float across_bottom = 0;
    // A band ends where a line crosses the gutter; what stands beside that line belongs to it.
    for (const Span* span : spans) {
      const bool beside = !across.empty() && span->baseline > across_bottom;
      if (crosses(span) || beside) {
        if (across.empty()) {
          // Spans of the band on the same line as this one belong to it.
          while (!band.empty() && band.back()->baseline - span->baseline < 0.5f * span->size &&
                 band.back()->bottom() < span->top() - 0.3f * span->size) {
            across.push_back(band.back());
            band.pop_back();
          }
          columns(band, gutter, depth);
          band.clear();
        }
        across.push_back(span);
        if (crosses(span)) across_bottom = span->baseline - 0.5f * span->size;
        continue;
      }
      if (!across.empty()) {
        put(across);
        across.clear();
      }
      band.push_back(span);
    }
    if (!across.empty()) put(across);
    columns(band, gutter, depth);
  }

  void columns(const Spans& band, float gutter, int depth) {
    Spans left, right;
    for (const Span* span : band) (span->left < gutter ? left : right).push_back(span);
    if (left.empty() || right.empty()) {
      if (!band.empty()) put(band);
      return;
    }
    const bool prose =
        (is_prose(left) && is_prose(right)) || (left.size() + right.size() < 12 && in_columns_ && left.size() > 1);
    if (!prose) return put(band);
    in_columns_ = true;
    new_region_ = true;
    split(left, depth + 1);
    new_region_ = true;
    split(right, depth + 1);
    new_region_ = true;
  }

  void put(const Spans& spans) {
    if (regions_.empty() || new_region_) regions_.emplace_back();
    new_region_ = false;
    regions_.back().insert(regions_.back().end(), spans.begin(), spans.end());
  }

  std::vector<Spans> regions_;
  bool new_region_ = false, in_columns_ = false;
};

TextLine line_of(Spans row) {
  std::stable_sort(row.begin(), row.end(), [](const Span* a, const Span* b) { return a->left < b->left; });
  TextLine line;
  line.left = row.front()->left;
  size_t bold = 0, largest = 0;
  const Span* last = nullptr;
  for (const Span* span : row) {
    // The same words painted twice, a little apart.
    if (last && span->text == last->text && std::abs(span->left - last->left) < 0.3f * span->size) continue;
    const float gap = last ? span->left - last->right : 0;
    const float em = last ? std::max(span->size, last->size) : span->size;
    if (!last || gap >= kCellGap * em) line.cells.emplace_back();
    else if (gap > kWordGap * em || last->space_after || span->space_before) line.cells.back() += ' ';
    line.cells.back() += span->text;
    line.characters += span->characters;
    bold += span->bold_characters;
    if (span->characters > largest) {
      largest = span->characters;
      line.size = span->size;
      line.baseline = span->baseline;
    }
    line.right = std::max(last ? line.right : span->right, span->right);
    last = span;
  }
  line.bold = bold * 10 >= line.characters * 9;
  return line;
}

void lines_of(Spans spans, size_t region, std::vector<TextLine>& lines) {
  std::stable_sort(spans.begin(), spans.end(), [](const Span* a, const Span* b) { return a->baseline > b->baseline; });
  std::vector<bool> used(spans.size(), false);
  for (size_t i = 0; i < spans.size(); ++i) {
    if (used[i]) continue;
    Spans row{spans[i]};
    const Span* main = spans[i];
    // Small spans above the line, such as exponents, come first; the largest nearby says where the line is.
    for (size_t k = i + 1; k < spans.size() && spans[k]->top() > main->bottom(); ++k) {
      const float overlap = std::min(main->top(), spans[k]->top()) - std::max(main->bottom(), spans[k]->bottom());
      if (used[k] || overlap < 0.55f * std::min(main->size, spans[k]->size)) continue;
      // Two lines that touch are parted by where they stand: one above the other.
      const float shared = std::min(main->right, spans[k]->right) - std::max(main->left, spans[k]->left);
      if (shared > 0.5f * std::min(main->right - main->left, spans[k]->right - spans[k]->left) &&
          spans[k]->text != main->text)
        continue;
      used[k] = true;
      row.push_back(spans[k]);
      if (spans[k]->size > 1.15f * main->size) main = spans[k];
    }
    TextLine line = line_of(std::move(row));
    line.region = region;
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::vector<TextLine> reading_order(const PageText& page) {
  // Text of each direction is a page of its own; what most of the page is set in comes first.
  std::map<int, std::vector<const PlacedGlyph*>> directions;
  for (const PlacedGlyph& glyph : page.glyphs) directions[glyph.vertical ? -1 : glyph.degrees].push_back(&glyph);
  std::vector<const std::vector<const PlacedGlyph*>*> groups;
  for (const auto& [direction, glyphs] : directions) groups.push_back(&glyphs);
  std::stable_sort(groups.begin(), groups.end(), [](auto* a, auto* b) { return a->size() > b->size(); });
  std::vector<TextLine> lines;
  size_t region = 0;
  for (const auto* glyphs : groups) {
    const std::vector<Span> spans = SpanBuilder(page).build(*glyphs);
    Spans pointers;
    for (const Span& span : spans) pointers.push_back(&span);
    // Thousands of scattered pieces are a drawing's labels: their order says nothing, and cutting them takes long.
    constexpr size_t kMostSpans = 8000;
    if (pointers.size() > kMostSpans) {
      for (const Span* span : pointers) {
        lines.push_back(line_of({span}));
        lines.back().region = region;
      }
    } else {
      for (const Spans& part : Cutter().cut(std::move(pointers))) lines_of(part, region++, lines);
    }
    ++region;
  }
  return lines;
}

}  // namespace hadal::rag
