#include "rag/chunker.hpp"

#include <algorithm>

#include "core/utf8.hpp"
#include "rag/sentences.hpp"

namespace hadal::rag {
namespace {

// The smallest part that is not torn: a sentence, a row, a piece of code.
struct Piece {
  size_t from, to;
  const Block* block;
  int tokens;
  bool sentence;   // may be repeated at the start of the next chunk
};

struct Heading {
  int level;
  std::string text;
};

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t'; }

// One line without runs of white space.
std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (is_blank(c)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += c;
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// At most `most` bytes, whole characters.
std::string_view shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

std::string joined(const std::vector<Heading>& path, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    if (!out.empty()) out += " > ";
    out += path[i].text;
  }
  return out;
}

// A text that nobody has taken apart: paragraphs between empty lines.
std::vector<Block> paragraphs_of(std::string_view text) {
  std::vector<Block> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("\n\n", at), text.size());
    Block block;
    block.from = at, block.to = end;
    out.push_back(block);
    at = text.find_first_not_of('\n', end);
  }
  return out;
}

class ChunkMaker {
 public:
  ChunkMaker(const Document& document, std::string_view title, Embedder& embedder, const ChunkSettings& settings)
      : text_(document.text), title_(shortened(title, 200)), embedder_(embedder) {
    most_ = std::max(16, std::min(settings.most_tokens, embedder.max_tokens()));
    least_ = std::min(settings.least_tokens, most_ / 2);
  }

  std::vector<Chunk> make(std::vector<Block> given) {
    blocks_ = std::move(given);
    for (const Block& block : blocks_) add(block);
    flush();
    return std::move(chunks_);
  }

 private:
  void add(const Block& block) {
    if (block.kind == BlockKind::heading) return add_heading(block);
    if (block.kind == BlockKind::table_header) {
      header_ = one_line(view(block.from, block.to));
      header_table_ = block.table;
    }
    std::vector<Piece> pieces = pieces_of(block);
    int total = 0;
    for (const Piece& piece : pieces) total += piece.tokens;
    const bool row = block.kind == BlockKind::table_row || block.kind == BlockKind::table_header;
    if (!row && tokens_ >= least_ && tokens_ + total > room()) flush_with_overlap();
    for (const Piece& piece : pieces) {
      if (!pieces_.empty() && !only_headings() && tokens_ + piece.tokens > room()) {
        if (ends_in_heading()) move_headings_on();
        else flush_with_overlap();
        // Even the overlap may be too much.
        if (!pieces_.empty() && !only_headings() && tokens_ + piece.tokens > room()) flush();
      }
      push(piece);
    }
  }

  void add_heading(const Block& block) {
    const int level = std::clamp<int>(block.level, 1, 6);
    // A new section ends a chunk that is long enough, or that belongs to a deeper section than the new one.
    if (!pieces_.empty() && !only_headings() && (tokens_ >= least_ || level < first_level_)) flush();
    const size_t before = path_.size();
    while (!path_.empty() && path_.back().level >= level) path_.pop_back();
    const bool deeper = path_.size() == before;
    path_.push_back({level, std::string(shortened(one_line(view(block.from, block.to)), 160))});
    // Headings in a row introduce the same text; a heading further down holds for a part of the chunk only.
    if (!pieces_.empty()) common_ = deeper && only_headings() ? path_.size() : std::min(common_, path_.size() - 1);
    const Piece piece{block.from, block.to, &block, count(view(block.from, block.to)), false};
    if (piece.tokens > most_ / 2) {   // no heading, whatever its style says
      path_.pop_back();
      for (const Piece& part : split(block, sentence_ends(view(block.from, block.to)))) {
        if (!pieces_.empty() && tokens_ + part.tokens > room()) flush();
        push(part);
      }
      return;
    }
    if (!pieces_.empty() && tokens_ + piece.tokens > room()) flush();
    push(piece);
  }

  void push(const Piece& piece) {
    if (pieces_.empty()) {
      common_ = path_.size();
      first_level_ = path_.empty() ? 7 : path_.back().level;
      starts_with_heading_ = piece.block->kind == BlockKind::heading;
    }
    pieces_.push_back(piece);
    tokens_ += piece.tokens;
  }

  bool only_headings() const {
    return std::all_of(pieces_.begin(), pieces_.end(), [](const Piece& p) { return p.block->kind == BlockKind::heading; });
  }
  bool ends_in_heading() const { return pieces_.back().block->kind == BlockKind::heading && !only_headings(); }

  // A heading goes with what follows it.
  void move_headings_on() {
    std::vector<Piece> moved;
    while (pieces_.back().block->kind == BlockKind::heading) {
      tokens_ -= pieces_.back().tokens;
      moved.insert(moved.begin(), pieces_.back());
      pieces_.pop_back();
    }
    flush();
    for (const Piece& piece : moved) push(piece);
  }

  void flush_with_overlap() {
    std::vector<Piece> repeated;
    int tokens = 0;
    for (size_t i = pieces_.size(); i-- > 1;) {
      if (!pieces_[i].sentence || tokens + pieces_[i].tokens > most_ * 15 / 100) break;
      tokens += pieces_[i].tokens;
      repeated.insert(repeated.begin(), pieces_[i]);
    }
    flush();
    for (const Piece& piece : repeated) push(piece);
    overlap_ = repeated.size();
  }

  void flush() {
    // What only repeats the end of the chunk before it says nothing new.
    if (!pieces_.empty() && pieces_.size() > overlap_) {
      Chunk chunk;
      chunk.from = pieces_.front().from;
      chunk.to = pieces_.back().to;
      chunk.char_from = characters_to(chunk.from, start_);
      chunk.char_to = characters_to(chunk.to, end_);
      for (const Piece& piece : pieces_) {
        const Block& b = *piece.block;
        if (b.page != 0) {
          chunk.page_from = chunk.page_from == 0 ? b.page : std::min(chunk.page_from, b.page);
          chunk.page_to = std::max(chunk.page_to, b.page);
        }
        if (b.row != 0) {
          chunk.row_from = chunk.row_from == 0 ? b.row : std::min(chunk.row_from, b.row);
          chunk.row_to = std::max(chunk.row_to, b.row);
        }
      }
      const size_t common = std::min(common_, path_.size());
      chunk.heading = joined(path_, common);
      const size_t in_front = starts_with_heading_ && common == path_.size() && common > 0 ? common - 1 : common;
      chunk.front = prefix(joined(path_, in_front), pieces_.front());
      chunk.embedded = chunk.front + std::string(view(chunk.from, chunk.to));
      chunk.tokens = count(chunk.embedded);
      if (chunk.tokens > most_) shorten(chunk);
      chunks_.push_back(std::move(chunk));
    }
    pieces_.clear();
    tokens_ = 0;
    overlap_ = 0;
  }

  // Tokens of the parts need not add up to those of the whole; the embedder's limit holds for the whole.
  void shorten(Chunk& chunk) {
    const std::string_view text = view(chunk.from, chunk.to);
    chunk.embedded = std::string(text);
    chunk.tokens = count(chunk.embedded);
    while (chunk.tokens > embedder_.max_tokens() && chunk.embedded.size() > 1) {
      chunk.embedded = shortened(chunk.embedded, chunk.embedded.size() * 9 / 10);
      chunk.tokens = count(chunk.embedded);
    }
  }

  std::string prefix(const std::string& path, const Piece& first) const {
    std::string out = title_;
    if (!path.empty()) out += (out.empty() ? "" : " > ") + path;
    if (!out.empty()) out += '\n';
    if (first.block->kind == BlockKind::table_row && first.block->table == header_table_ && !header_.empty())
      out += std::string(shortened(header_, 400)) + '\n';
    return out;
  }

  // Tokens a chunk may have beside its prefix.
  int room() {
    std::string front = title_ + joined(path_, path_.size());
    if (!pieces_.empty() && pieces_.front().block->kind == BlockKind::table_row) front += shortened(header_, 400);
    if (front != room_for_) {
      room_ = std::max(most_ / 3, most_ - count(front) - 2);
      room_for_ = std::move(front);
    }
    return room_;
  }

  std::vector<Piece> pieces_of(const Block& block) {
    const std::string_view text = view(block.from, block.to);
    switch (block.kind) {
      case BlockKind::paragraph: return split(block, sentence_ends(text));
      case BlockKind::code: {
        const int tokens = count(text);
        if (tokens <= room()) return {{block.from, block.to, &block, tokens, false}};
        return split(block, line_ends(text));
      }
      default: {
        const int tokens = count(text);
        if (tokens <= room()) return {{block.from, block.to, &block, tokens, block.kind == BlockKind::list_item}};
        return split(block, sentence_ends(text));
      }
    }
  }

  // The parts between `ends`, each at most room() tokens: what is longer is cut after clauses, then between words.
  std::vector<Piece> split(const Block& block, const std::vector<size_t>& ends) {
    std::vector<Piece> out;
    const bool sentences = block.kind != BlockKind::code;
    size_t from = block.from;
    for (const size_t end : ends) {
      add_piece(block, from, block.from + end, sentences, 0, out);
      from = block.from + end;
    }
    return out;
  }

  void add_piece(const Block& block, size_t from, size_t to, bool sentence, int depth, std::vector<Piece>& out) {
    while (from < to && is_blank(text_[from])) ++from;
    while (to > from && is_blank(text_[to - 1])) --to;
    if (from == to) return;
    // Nothing shorter than a byte for each token can be too long, nor longer than 16 bytes for each be counted cheaply.
    const bool long_text = to - from > size_t(room()) * 16;
    const int tokens = long_text ? room() + 1 : count(view(from, to));
    if (tokens <= room()) {
      out.push_back({from, to, &block, tokens, sentence});
      return;
    }
    if (depth == 0) {
      size_t at = from;
      for (const size_t end : grouped(from, clause_ends(view(from, to)))) {
        add_piece(block, at, end, false, 1, out);
        at = end;
      }
      return;
    }
    while (from < to) {
      const size_t end = hard_end(from, to);
      out.push_back({from, end, &block, count(view(from, end)), false});
      from = end;
      while (from < to && is_blank(text_[from])) ++from;
    }
  }

  // Ends so chosen that the parts between them come near room() and stay below it where they can.
  std::vector<size_t> grouped(size_t from, const std::vector<size_t>& ends) {
    std::vector<size_t> out;
    size_t start = 0, last = 0;
    int tokens = 0;
    for (const size_t end : ends) {
      const int more = end - last > size_t(room()) * 16 ? room() + 1 : count(view(from + last, from + end));
      if (tokens > 0 && tokens + more > room()) {
        out.push_back(from + last);
        start = last;
        tokens = 0;
      }
      tokens += more;
      last = end;
    }
    if (last > start) out.push_back(from + last);
    return out;
  }

  // The longest beginning of [from, to) with at most room() tokens, ended at white space where there is some.
  size_t hard_end(size_t from, size_t to) {
    size_t high = std::min(to, from + size_t(room()) * 16), low = from;
    const auto border = [&](size_t at) {
      while (at > from && at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) --at;
      return at;
    };
    high = border(high);
    if (count(view(from, high)) <= room()) {
      low = high;
    } else {
      while (high - low > 8) {
        const size_t middle = border(low + (high - low) / 2);
        if (middle <= low || middle >= high) break;
        (count(view(from, middle)) <= room() ? low : high) = middle;
      }
    }
    if (low == from) return std::min(to, from + utf8_length(text_[from]));
    if (low == to) return to;
    for (size_t at = low; at > from + (low - from) / 2; --at)
      if (is_blank(text_[at - 1])) return at;
    return low;
  }

  std::string_view view(size_t from, size_t to) const { return std::string_view(text_).substr(from, to - from); }
  int count(std::string_view text) { return embedder_.count_tokens(text); }

  struct Cursor {
    size_t byte = 0, character = 0;
  };
  size_t characters_to(size_t byte, Cursor& cursor) const {
    if (byte < cursor.byte) cursor = {};
    for (; cursor.byte < byte; ++cursor.byte)
      cursor.character += (static_cast<unsigned char>(text_[cursor.byte]) & 0xC0) != 0x80;
    return cursor.character;
  }

  const std::string& text_;
  const std::string title_;
  Embedder& embedder_;
  int most_ = 0, least_ = 0;

  std::vector<Block> blocks_;     // pieces point into it
  std::vector<Heading> path_;
  std::string header_;            // of the table the rows belong to
  uint32_t header_table_ = 0;
  std::vector<Piece> pieces_;     // of the chunk being filled
  int tokens_ = 0;
  size_t overlap_ = 0;            // of these, repeated from the chunk before
  size_t common_ = 0;             // headings of path_ that hold for all pieces
  int first_level_ = 7;
  bool starts_with_heading_ = false;
  std::string room_for_ = "\n";   // no heading has a line break
  int room_ = 0;
  Cursor start_, end_;
  std::vector<Chunk> chunks_;
};

}  // namespace

std::vector<Chunk> make_chunks(const Document& document, std::string_view title, Embedder& embedder,
                               const ChunkSettings& settings) {
  ChunkMaker maker(document, title, embedder, settings);
  return maker.make(document.blocks.empty() ? paragraphs_of(document.text) : document.blocks);
}

}  // namespace hadal::rag
