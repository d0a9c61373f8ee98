#include <doctest/doctest.h>

#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("pictures, programs and bytes without meaning are refused with their reason") {
  CHECK(refusal("\x89PNG\r\n\x1A\n....", "scan.png") == "needs_ocr");
  CHECK(refusal("\xFF\xD8\xFF\xE0....", "photo.pdf") == "needs_ocr");
  CHECK(refusal("\x7F" "ELF\x02\x01", "tool") == "unsupported");
  CHECK(refusal("{\\rtf1 x}", "a.rtf") == "unsupported");
  CHECK(refusal(std::string(100, '\x01'), "a.txt") == "unsupported");
  CHECK(refusal(std::string(100, '\0'), "a.txt") == "unsupported");
  CHECK(refusal(std::string("MZ\x90\0\3\0\0\0", 8), "a.txt") == "unsupported");
}

TEST_CASE("a name without a known extension leaves the choice to the bytes") {
  CHECK(read("<!DOCTYPE html><p>x", "page").mime == "text/html");
  CHECK(read("words", "README").mime == "text/plain");
  CHECK(read("# T", "a.MD").mime == "text/markdown");
}

TEST_CASE("bytes that begin like an archive are one, whatever their name; two letters make no program") {
  CHECK(refusal("PK\x03\x04 and then words as in any text", "a.txt") == "unsupported");
  CHECK(outline(read("MZ 125 is a motorcycle.", "a.txt")) == "p MZ 125 is a motorcycle.\n");
}

TEST_CASE("limits refuse a document instead of cutting it") {
  ReadLimits limits;
  limits.bytes = 10;
  CHECK(refusal("more than ten bytes", "a.txt", limits) == "too_large");
  limits = {};
  limits.text_bytes = 10;
  CHECK(refusal("more than ten bytes", "a.txt", limits) == "too_large");
  limits = {};
  limits.blocks = 2;
  CHECK(refusal("a\n\nb\n\nc", "a.txt", limits) == "too_large");
}

TEST_CASE("a cancelled reading ends with its own status") {
  const std::string text = "words";
  try {
    read_document(std::as_bytes(std::span(text)), "a.txt", {}, [] { return true; });
    FAIL("was read");
  } catch (const hadal::Error& error) {
    CHECK(error.status() == hadal::Status::cancelled);
  }
}
