"""embed and rerank: on the tiny chat model as an embedder, and on the default embedding model where it is cached."""
import math
import os
import unittest

from harness import ToolTest, path, run, write


def find_embedder():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", ""), ".cache")
    for folder in (os.environ.get("HADAL_TEST_EMBEDDER", ""), os.path.join(cache, "hadal", "all-MiniLM-L6-v2")):
        if folder and os.path.isfile(os.path.join(folder, "model.safetensors")):
            return folder
    return ""


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


class ChatModelAsEmbedder(ToolTest):
    def embed(self, *arguments, **more):
        return self.ok("embed", self.model, "--pooling", "last", "--json", *arguments, **more).json

    def test_each_text_gets_a_vector_of_length_one(self):
        made = self.embed("hello", "hello world")
        self.assertEqual(made["dim"], 64)
        self.assertEqual([len(v) for v in made["vectors"]], [64, 64])
        for vector in made["vectors"]:
            self.assertAlmostEqual(cosine(vector, vector), 1)
            self.assertAlmostEqual(sum(x * x for x in vector), 1, places=5)

    def test_a_line_of_a_file_is_a_text(self):
        lines = write("lines.txt", "hello\nhello world\r\n")
        self.assertEqual(self.embed("--file", lines), self.embed("hello", "hello world"))
        self.assertEqual(self.embed("--file", "-", stdin="hello"), self.embed("hello"))

    def test_options_are_flags(self):
        self.assertEqual(self.embed("a", "--dimensions", "8")["dim"], 8)
        self.assertEqual(self.embed("x", "--query", "--query-prefix", "he"), self.embed("hex"))

    def test_people_see_texts_and_how_alike_they_are(self):
        out = self.ok("embed", self.model, "--pooling", "last", "hello", "hello world").text
        self.assertIn("64 numbers", out)
        self.assertIn("Cosine", out)

    def test_wrong_use_is_said(self):
        self.fails(2, "embed", self.model, says="TEXT")
        self.fails(1, "embed", self.model, "hello", says="pooling=last")
        self.fails(1, "chat", self.model, "--pooling", "last", stdin="hello\n", says="does not chat")
        self.fails(1, "rerank", self.model, "a", "b", "--pooling", "last", says="cross-encoder")
        self.fails(2, "rerank", self.model, says="QUERY")


@unittest.skipUnless(find_embedder(), "no default embedding model; set HADAL_TEST_EMBEDDER")
class DefaultEmbedder(ToolTest):
    def test_like_texts_have_like_vectors(self):
        texts = ["The cat sleeps on the sofa.", "A kitten naps on the couch.", "Interest rates rose by two percent."]
        vectors = self.ok("embed", find_embedder(), *texts, "--json").json["vectors"]
        self.assertGreater(cosine(vectors[0], vectors[1]), 0.5)
        self.assertLess(cosine(vectors[0], vectors[2]), 0.2)

    def test_the_published_example(self):
        vector = self.ok("embed", find_embedder(), "This is an example sentence", "--json").json["vectors"][0]
        for found, expected in zip(vector, [.067657, .063496, .048713, .079305, .037448]):
            self.assertAlmostEqual(found, expected, places=5)

    def test_a_long_text_is_refused_by_its_length(self):
        self.fails(1, "embed", find_embedder(), "word " * 300, says="expected at most 254 tokens, found 300")
        self.ok("embed", find_embedder(), "word " * 300, "--long-text", "split")

    def test_info_knows_what_it_is(self):
        self.assertIn("BERT", self.ok("info", find_embedder()).text)
