// Operators after ISO 32000-1, 8.4 (state), 8.10 (forms), 9.3 and 9.4 (text), 14.9.4 (ActualText).
#include "rag/readers/pdf_content.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/pdf_lexer.hpp"

namespace hadal::rag {
namespace {

// x' = a x + c y + e, y' = b x + d y + f
struct Matrix {
  double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
};

// First `m`, then `n`.
Matrix operator*(const Matrix& m, const Matrix& n) {
  return {m.a * n.a + m.b * n.c,       m.a * n.b + m.b * n.d,       m.c * n.a + m.d * n.c,
          m.c * n.b + m.d * n.d,       m.e * n.a + m.f * n.c + n.e, m.e * n.b + m.f * n.d + n.f};
}

struct GraphicsState {
  Matrix ctm;
  std::shared_ptr<PdfFont> font;
  double size = 0, char_space = 0, word_space = 0, scale = 1, leading = 0, rise = 0;
};

bool finite(double value) { return std::isfinite(value) && std::abs(value) < 1e7; }

}  // namespace

// One page. Forms are run by recursion, at most kDeepestForm deep.
class PdfContentRun {
 public:
  PdfContentRun(PdfContentReader& reader, PdfPage page) : reader_(reader), page_(std::move(page)) {}

  PageText run() {
    state_.ctm = {1, 0, 0, 1, -page_.box[0], -page_.box[1]};
    QPDFObjectHandle contents = page_.dictionary.getKey("/Contents");
    std::string bytes;
    if (contents.isArray()) {
      for (int i = 0, n = std::min(contents.getArrayNItems(), 10000); i < n; ++i) {
        bytes +=
            reader_.file_.stream_bytes(contents.getArrayItem(i), kMostContent - std::min(kMostContent, bytes.size()));
        bytes += '\n';
      }
    } else {
      bytes = reader_.file_.stream_bytes(contents, kMostContent);
    }
    content(bytes, page_.resources, 0);
    return std::move(out_);
  }

 private:
  void content(std::string_view bytes, QPDFObjectHandle resources, uint32_t depth);
  void operate(const std::string& name, QPDFObjectHandle resources, uint32_t depth);
  void show(std::string_view codes);
  void show_array();
  void place(const PdfGlyph& glyph, double advance);
  void begin_marked_content();
  void end_marked_content();
  void paint(const std::string& name, QPDFObjectHandle resources, uint32_t depth);
  void next_line(double x, double y) {
    line_matrix_ = Matrix{1, 0, 0, 1, x, y} * line_matrix_;
    text_matrix_ = line_matrix_;
  }
  double number(size_t from_end) const {
    return from_end < operands_.size() ? operands_[operands_.size() - 1 - from_end].number : 0;
  }
  Matrix matrix_operand() const { return {number(5), number(4), number(3), number(2), number(1), number(0)}; }

  static constexpr size_t kMostContent = size_t{256} << 20;
  static constexpr size_t kMostGlyphs = 4000000;   // a page of a newspaper has some ten thousand
  static constexpr uint32_t kDeepestForm = 24;
  static constexpr size_t kDeepestState = 512, kMostOperands = 65536;

  PdfContentReader& reader_;
  PdfPage page_;
  PageText out_;
  GraphicsState state_;
  std::vector<GraphicsState> saved_;
  Matrix text_matrix_, line_matrix_;
  std::vector<PdfToken> operands_;
  // ActualText: the glyphs inside say this together.
  std::string actual_text_;
  size_t marked_depth_ = 0, actual_depth_ = 0, actual_first_ = 0;
  size_t operators_ = 0;
};

void PdfContentRun::content(std::string_view bytes, QPDFObjectHandle resources, uint32_t depth) {
  reader_.interpreted_ += bytes.size();
  if (reader_.interpreted_ > reader_.reading_.limits.unpacked_bytes)
    reader_.reading_.fail(ReadFailure::too_large, "expected pages of a sane size, found forms used too often");
  PdfLexer lexer(bytes);
  PdfToken token;
  operands_.clear();
  while (lexer.next(token)) {
    if (token.kind != PdfToken::Kind::word) {
      if (operands_.size() < kMostOperands) operands_.push_back(token);
      continue;
    }
    if ((++operators_ & 4095) == 0) reader_.reading_.check_cancelled();
    if (token.text == "ID") {
      ++out_.images;
      lexer.skip_inline_image();
    } else {
      operate(token.text, resources, depth);
    }
    operands_.clear();
  }
}

void PdfContentRun::operate(const std::string& name, QPDFObjectHandle resources, uint32_t depth) {
  const auto is = [&](std::string_view other) { return name == other; };
  if (is("Tj")) {
    if (!operands_.empty()) show(operands_.back().text);
  } else if (is("TJ")) {
    show_array();
  } else if (is("Td")) {
    next_line(number(1), number(0));
  } else if (is("TD")) {
    state_.leading = -number(0);
    next_line(number(1), number(0));
  } else if (is("Tm")) {
    text_matrix_ = line_matrix_ = matrix_operand();
  } else if (is("T*")) {
    next_line(0, -state_.leading);
  } else if (is("'")) {
    next_line(0, -state_.leading);
    if (!operands_.empty()) show(operands_.back().text);
  } else if (is("\"")) {
    state_.word_space = number(2);
    state_.char_space = number(1);
    next_line(0, -state_.leading);
    if (!operands_.empty()) show(operands_.back().text);
  } else if (is("Tf")) {
    state_.size = number(0);
    if (operands_.size() >= 2 && resources.isDictionary()) {
      QPDFObjectHandle fonts = resources.getKey("/Font");
      if (fonts.isDictionary()) state_.font = reader_.font(fonts.getKey("/" + operands_[operands_.size() - 2].text));
    }
  } else if (is("BT")) {
    text_matrix_ = line_matrix_ = Matrix{};
  } else if (is("Tc")) {
    state_.char_space = number(0);
  } else if (is("Tw")) {
    state_.word_space = number(0);
  } else if (is("Tz")) {
    state_.scale = number(0) / 100;
  } else if (is("TL")) {
    state_.leading = number(0);
  } else if (is("Ts")) {
    state_.rise = number(0);
  } else if (is("cm")) {
    if (operands_.size() >= 6) state_.ctm = matrix_operand() * state_.ctm;
  } else if (is("q")) {
    if (saved_.size() < kDeepestState) saved_.push_back(state_);
  } else if (is("Q")) {
    if (!saved_.empty()) {
      state_ = std::move(saved_.back());
      saved_.pop_back();
    }
  } else if (is("Do")) {
    if (!operands_.empty()) paint(operands_.back().text, resources, depth);
  } else if (is("BDC") || is("BMC")) {
    begin_marked_content();
  } else if (is("EMC")) {
    end_marked_content();
  } else if (is("gs")) {
    if (operands_.empty() || !resources.isDictionary()) return;
    QPDFObjectHandle states = resources.getKey("/ExtGState");
    if (!states.isDictionary()) return;
    QPDFObjectHandle state = states.getKey("/" + operands_.back().text);
    if (!state.isDictionary()) return;
    QPDFObjectHandle font = state.getKey("/Font");
    if (font.isArray() && font.getArrayNItems() == 2) {
      state_.font = reader_.font(font.getArrayItem(0));
      state_.size = pdf_number_or(font.getArrayItem(1), state_.size);
    }
  }
}

void PdfContentRun::paint(const std::string& name, QPDFObjectHandle resources, uint32_t depth) {
  if (!resources.isDictionary()) return;
  QPDFObjectHandle objects = resources.getKey("/XObject");
  if (!objects.isDictionary()) return;
  QPDFObjectHandle object = objects.getKey("/" + name);
  if (!object.isStream()) return;
  QPDFObjectHandle dictionary = object.getDict();
  QPDFObjectHandle kind = dictionary.getKey("/Subtype");
  if (kind.isName() && kind.getName() == "/Image") {
    ++out_.images;
    return;
  }
  if (!kind.isName() || kind.getName() != "/Form" || depth >= kDeepestForm) return;
  const GraphicsState before = state_;
  const size_t saved = saved_.size();
  const Matrix text = text_matrix_, line = line_matrix_;
  QPDFObjectHandle matrix = dictionary.getKey("/Matrix");
  if (matrix.isArray() && matrix.getArrayNItems() == 6) {
    std::array<double, 6> m{};
    for (int i = 0; i < 6; ++i) m[size_t(i)] = pdf_number_or(matrix.getArrayItem(i), i == 0 || i == 3 ? 1 : 0);
    state_.ctm = Matrix{m[0], m[1], m[2], m[3], m[4], m[5]} * state_.ctm;
  }
  QPDFObjectHandle own = dictionary.getKey("/Resources");
  content(reader_.file_.stream_bytes(object, kMostContent), own.isDictionary() ? own : resources, depth + 1);
  saved_.resize(std::min(saved_.size(), saved));
  state_ = before;
  text_matrix_ = text;
  line_matrix_ = line;
}

void PdfContentRun::show(std::string_view codes) {
  if (!state_.font || state_.size == 0) return;
  while (!codes.empty()) {
    const PdfGlyph glyph = state_.font->next(codes);
    const double extra = state_.char_space + (glyph.one_byte_space ? state_.word_space : 0);
    place(glyph, glyph.width * state_.size);
    if (state_.font->vertical()) text_matrix_ = Matrix{1, 0, 0, 1, 0, -state_.size + extra} * text_matrix_;
    else text_matrix_ = Matrix{1, 0, 0, 1, (glyph.width * state_.size + extra) * state_.scale, 0} * text_matrix_;
  }
}

void PdfContentRun::show_array() {
  for (const PdfToken& token : operands_) {
    if (token.kind == PdfToken::Kind::string) {
      show(token.text);
    } else if (token.kind == PdfToken::Kind::number && state_.font) {
      const double move = -token.number / 1000 * state_.size;
      if (state_.font->vertical()) text_matrix_ = Matrix{1, 0, 0, 1, 0, move} * text_matrix_;
      else text_matrix_ = Matrix{1, 0, 0, 1, move * state_.scale, 0} * text_matrix_;
    }
  }
}

void PdfContentRun::place(const PdfGlyph& glyph, double advance) {
  const Matrix m = Matrix{1, 0, 0, 1, 0, state_.rise} * text_matrix_ * state_.ctm;
  PlacedGlyph placed;
  placed.vertical = state_.font->vertical();
  const double size = state_.size * std::hypot(m.c, m.d);
  const double along = placed.vertical ? size : advance * state_.scale * std::hypot(m.a, m.b);
  if (!finite(m.e) || !finite(m.f) || !finite(size) || !finite(along)) return;
  constexpr double kPi = 3.14159265358979323846;
  // A mirrored size turns the text as well: its direction counts, not the sign.
  const double turn = std::atan2(m.b, m.a) * 180 / kPi + (state_.size * state_.scale < 0 ? 180 : 0);
  const int degrees = (int(std::lround(turn)) % 360 + 360) % 360;
  const int straight = (degrees + 45) / 90 * 90 % 360;
  placed.degrees = int16_t(std::abs(degrees - straight) <= 3 || degrees >= 357 ? straight : degrees);
  placed.x = float(m.e);
  placed.y = float(m.f);
  placed.size = float(std::abs(size));
  placed.advance = float(std::abs(along));
  placed.bold = state_.font->bold();
  if (m.e < -placed.size || m.f < -placed.size || m.e > page_.box[2] - page_.box[0] + placed.size ||
      m.f > page_.box[3] - page_.box[1] + placed.size)
    return;
  size_t at = 0;
  const bool blank = glyph.text.empty() || is_space(next_character(glyph.text, at));
  out_.unknown += glyph.text.empty();
  if (!blank) {
    placed.text_at = uint32_t(out_.text.size());
    placed.text_size = uint16_t(std::min<size_t>(glyph.text.size(), 512));
    out_.text += glyph.text.substr(0, placed.text_size);
  }
  // White space has no text but takes its place in memory.
  if (out_.text.size() > reader_.reading_.limits.text_bytes || out_.glyphs.size() >= kMostGlyphs)
    reader_.reading_.fail(ReadFailure::too_large, "expected less text on one page, found more");
  out_.glyphs.push_back(placed);
}

void PdfContentRun::begin_marked_content() {
  ++marked_depth_;
  if (actual_depth_ > 0) return;
  for (size_t i = 0; i + 1 < operands_.size(); ++i)
    if (operands_[i].kind == PdfToken::Kind::name && operands_[i].text == "ActualText" &&
        operands_[i + 1].kind == PdfToken::Kind::string) {
      actual_depth_ = marked_depth_;
      actual_text_ = pdf_text_string(operands_[i + 1].text);
      actual_first_ = out_.glyphs.size();
      return;
    }
}

void PdfContentRun::end_marked_content() {
  if (marked_depth_ == 0) return;
  const bool ends = marked_depth_ == actual_depth_;
  --marked_depth_;
  if (!ends) return;
  actual_depth_ = 0;
  if (actual_first_ >= out_.glyphs.size()) return;
  // Text of several lines keeps its glyphs: one place cannot stand for all of it.
  PlacedGlyph& first = out_.glyphs[actual_first_];
  const PlacedGlyph& last = out_.glyphs.back();
  if (first.degrees != last.degrees || std::hypot(last.x - first.x, last.y - first.y) > 40 * first.size) return;
  std::string clean;
  append_clean(actual_text_, clean);
  clean = squeezed(clean);
  if (clean.size() > 512) return;
  first.advance = float(std::hypot(last.x - first.x, last.y - first.y)) + last.advance;
  first.text_at = uint32_t(out_.text.size());
  first.text_size = uint16_t(clean.size());
  out_.text += clean;
  out_.glyphs.resize(actual_first_ + 1);
}

PageText PdfContentReader::read(const PdfPage& page) { return PdfContentRun(*this, page).run(); }

std::shared_ptr<PdfFont> PdfContentReader::font(QPDFObjectHandle dictionary) {
  constexpr size_t kMostFonts = 256;
  if (!dictionary.isDictionary()) return nullptr;
  if (!dictionary.isIndirect()) return std::make_shared<PdfFont>(file_, dictionary);
  if (fonts_.size() >= kMostFonts) fonts_.clear();
  std::shared_ptr<PdfFont>& font = fonts_[dictionary.getObjGen()];
  if (!font) font = std::make_shared<PdfFont>(file_, dictionary);
  return font;
}

}  // namespace hadal::rag
