// What a character is searched as: lower case, European letters without accents, full-width forms as ASCII.
#pragma once

namespace hadal::rag {

// Writes 0 to 3 code points and returns how many; a combining accent becomes none.
int fold(char32_t c, char32_t out[3]);

}  // namespace hadal::rag
