// The sources a tokenizer is made from.
#pragma once

#include <memory>

#include "tokenizer/tokenizer.hpp"
#include "tokenizer/vocabulary.hpp"

namespace hadal {

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const Metadata& metadata);
std::unique_ptr<Tokenizer> load_json_tokenizer(const Checkpoint& checkpoint);

// load_wordpiece.cpp
std::unique_ptr<Tokenizer> load_vocab_txt(const Checkpoint& checkpoint);
std::unique_ptr<Tokenizer> load_gguf_wordpiece(const Metadata& metadata, Vocabulary vocabulary);

}  // namespace hadal
