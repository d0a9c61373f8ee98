"""tokenize, detokenize and render on the tiny model."""
import json
import os
import shutil

from harness import ToolTest, path, run, write
import tiny_model

VOCABULARY = tiny_model.vocabulary()
IM_START = len(VOCABULARY) + 1
TEXTS = ["", "hello world", "  two  spaces\n\tand a tab\r\n", "你好，你是谁？", "naïve café", "👩‍👩‍👧 emoji", "<|im_start|>", "a" * 3000,
         "line\u2028separator", "it's 12345 o'clock"]


class Tokens(ToolTest):
    def ids_of(self, text, *flags):
        out = self.ok("tokenize", self.model, "--file", "-", *flags, stdin=text).text
        self.assertTrue(out.endswith("\n") and out.count("\n") == 1, out)
        return [int(i) for i in out.split(",")] if out.strip() else []

    def test_ids_come_on_one_line_separated_by_commas(self):
        hello, world = VOCABULARY["hello"], [VOCABULARY[c] for c in ("Ġw", "o", "r", "l", "d")]
        self.assertEqual(self.ok("tokenize", self.model, "hello world").text, ",".join(map(str, [hello, *world])) + "\n")

    def test_every_text_comes_back_exactly(self):
        for text in TEXTS:
            ids = write("ids", ",".join(map(str, self.ids_of(text))))
            self.assertEqual(self.ok("detokenize", self.model, "--file", ids).bytes, text.encode(), text)

    def test_special_tokens_need_the_flag(self):
        self.assertEqual(self.ids_of("<|im_start|>", "--special"), [IM_START])
        self.assertGreater(len(self.ids_of("<|im_start|>")), 5)
        self.assertEqual(self.ok("detokenize", self.model, str(IM_START)).text, "<|im_start|>")
        self.assertEqual(self.ok("detokenize", self.model, str(IM_START), "--skip-special").text, "")

    def test_pieces_show_the_vocabulary(self):
        self.assertEqual(self.ok("tokenize", self.model, "hello w", "--pieces").text,
                         f"{VOCABULARY['hello']}\thello\n{VOCABULARY['Ġw']}\tĠw\n")
        self.assertEqual(self.ok("tokenize", self.model, "hello", "--pieces", "--json").json,
                         {"ids": [VOCABULARY["hello"]], "pieces": ["hello"]})

    def test_json_is_one_object(self):
        self.assertEqual(self.ok("tokenize", self.model, "hello", "--json").json, {"ids": [VOCABULARY["hello"]]})
        self.assertEqual(self.ok("detokenize", self.model, VOCABULARY["hello"], "--json").json, {"text": "hello"})

    def test_invalid_utf8_is_refused_with_its_offset(self):
        self.fails(1, "tokenize", self.model, "--file", "-", stdin=b"abc\xff\xfe", says="3")
        out = self.ok("tokenize", self.model, "--file", "-", "--invalid-text", "replace", "--json", stdin=b"abc\xffd")
        back = self.ok("detokenize", self.model, ",".join(map(str, out.json["ids"])))
        self.assertEqual(back.text, "abc\ufffdd")

    def test_ids_may_be_separated_by_commas_or_spaces(self):
        self.assertEqual(self.ok("detokenize", self.model, "64,", "65").text, self.ok("detokenize", self.model, "[64, 65]").text)

    def test_ids_out_of_range_are_refused(self):
        self.fails(1, "detokenize", self.model, "100000")

    def test_a_folder_with_only_a_tokenizer_will_do(self):
        folder = path("only_tokenizer")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(self.model, "tokenizer.json"), folder)
        self.assertEqual(self.ok("tokenize", folder, "hello").text, f"{VOCABULARY['hello']}\n")
        shutil.copy(os.path.join(self.model, "tokenizer_config.json"), folder)
        self.assertIn("assistant", self.ok("render", folder, stdin='[{"role":"user","content":"hi"}]').text)


class Render(ToolTest):
    def test_the_prompt_is_exact_with_nothing_added(self):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你好"}]
        self.assertEqual(self.ok("render", self.model, stdin=json.dumps(messages)).bytes,
                         "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\n".encode())

    def test_an_object_carries_variables(self):
        request = {"messages": [{"role": "user", "content": "hi"}], "add_generation_prompt": False}
        self.assertEqual(self.ok("render", self.model, stdin=json.dumps(request)).text, "<|im_start|>user\nhi<|im_end|>\n")

    def test_what_is_not_a_message_list_fails_in_one_line(self):
        for text in ("", "{", "[1,2]", '"hi"', '{"messages": 3}', "[" * 100000):
            self.fails(1, "render", self.model, stdin=text)
