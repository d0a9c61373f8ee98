#include "core/dtype.hpp"

#include <array>

namespace hadal {
namespace {

constexpr std::array kInfo = {
    DtypeInfo{"f32", 1, 4},      DtypeInfo{"f16", 1, 2},      DtypeInfo{"bf16", 1, 2},    DtypeInfo{"f64", 1, 8},
    DtypeInfo{"i8", 1, 1},       DtypeInfo{"i16", 1, 2},      DtypeInfo{"i32", 1, 4},     DtypeInfo{"i64", 1, 8},
    DtypeInfo{"u8", 1, 1},       DtypeInfo{"bool", 1, 1},     DtypeInfo{"q4_0", 32, 18},  DtypeInfo{"q4_1", 32, 20},
    DtypeInfo{"q5_0", 32, 22},   DtypeInfo{"q5_1", 32, 24},   DtypeInfo{"q8_0", 32, 34},  DtypeInfo{"q2_k", 256, 84},
    DtypeInfo{"q3_k", 256, 110}, DtypeInfo{"q4_k", 256, 144}, DtypeInfo{"q5_k", 256, 176}, DtypeInfo{"q6_k", 256, 210},
    DtypeInfo{"iq4_nl", 32, 18}, DtypeInfo{"iq4_xs", 256, 136},
    DtypeInfo{"f8_e4m3", 1, 1},  DtypeInfo{"f8_e8m0", 1, 1},
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

}  // namespace

const DtypeInfo& info(Dtype dtype) { return kInfo[size_t(dtype)]; }

bool parse_dtype(std::string_view text, Dtype& out) {
  for (size_t i = 0; i < kInfo.size(); ++i) {
    const std::string_view name = kInfo[i].name;
    bool same = name.size() == text.size();
    for (size_t c = 0; same && c < name.size(); ++c) same = name[c] == lower(text[c]);
    if (same) {
      out = Dtype(i);
      return true;
    }
  }
  return false;
}

}  // namespace hadal
