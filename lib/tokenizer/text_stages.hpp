// normalizer and pre_tokenizer of tokenizer.json.
#pragma once

#include "formats/json.hpp"
#include "tokenizer/bpe_tokenizer.hpp"

namespace hadal {

// Sets normalizer, pieces, alphabet and first_space_is_prefix; needs the vocabulary. Throws Error(unsupported) naming
// what is not known.
void read_text_stages(const Json& file, BpeTokenizer& out);

// The same for WordPiece, with BERT's normaliser and pre-tokeniser, and for Unigram.
void read_bert_stages(const Json& file, VocabularyTokenizer& out);
void read_unigram_stages(const Json& file, VocabularyTokenizer& out);

}  // namespace hadal
