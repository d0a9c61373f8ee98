// Reads bytes that a test made and checks what every Document promises.
#pragma once

#include <string>
#include <string_view>

#include "rag/readers/read_document.hpp"

namespace hadal::rag::test {

Document read(std::string_view bytes, std::string_view name, const ReadLimits& limits = {});
std::string text_of(const Document& document, const Block& block);

// One line a block: its kind and place, then its text, line breaks as ⏎ and tabs as ⇥:
// "h1 Title", "p ...", "l2 ...", "th #2 a⇥b", "tr #3 1⇥2", "code ...", with "@7" before the text on page 7.
std::string outline(const Document& document);

// Fails the test if a promise of document.hpp is broken.
void check_laws(const Document& document);

// The reason a document is refused for, or "read" if it is not.
std::string refusal(std::string_view bytes, std::string_view name, const ReadLimits& limits = {});

std::string golden(std::string_view file);   // of tests/golden/documents

}  // namespace hadal::rag::test
