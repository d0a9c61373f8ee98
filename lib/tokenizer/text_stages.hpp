// normalizer and pre_tokenizer of tokenizer.json.
#pragma once

#include "formats/json.hpp"
#include "tokenizer/bpe_tokenizer.hpp"

namespace hadal {

// Sets normalizer, pieces, alphabet and first_space_is_prefix; needs the vocabulary. Throws Error(unsupported) naming
// what is not known.
void read_text_stages(const Json& file, BpeTokenizer& out);

}  // namespace hadal
