#include "tokenizer/char_class.hpp"

namespace hadal {
namespace {
#include "tokenizer/tables/unicode_classes.inc"
}

ClassMask class_from_table(char32_t code_point) {
  if (code_point > 0x10FFFF) return kOther;
  const uint32_t row = code_point >> 7, column = code_point & 127;
  const auto block = static_cast<uint32_t>(kClassStage1[row >> 3] >> ((row & 7) * 8) & 0xFF);
  return 1u << (kClassBlocks[block * 8 + (column >> 4)] >> ((column & 15) * 4) & 0xF);
}

}  // namespace hadal
