"""Exit codes, error lines and help: what holds for every command."""
import os

from harness import ToolTest, path, run, write

COMMANDS = ["chat", "run", "tokenize", "detokenize", "render", "logits", "score", "info", "plan", "bench", "quantize"]


class Usage(ToolTest):
    def test_without_a_command_is_wrong_usage(self):
        self.fails(2)

    def test_unknown_commands_and_flags_are_wrong_usage(self):
        self.fails(2, "sing")
        self.fails(2, "run", self.model, "hi", "--no-such-flag")
        self.fails(2, "tokenize", self.model)
        self.fails(2, "run", self.model)
        self.fails(2, "logits", self.model, "--out", path("x.npy"))
        self.fails(2, "logits", self.model, "--ids", "1,2")

    def test_an_unknown_option_key_names_the_nearest(self):
        self.fails(2, "run", self.model, "hi", "--option", "temperatur=0", says="temperature")
        self.fails(2, "tokenize", self.model, "hi", "--option", "nonsense", says="KEY=VALUE")

    def test_a_bad_option_value_is_wrong_usage(self):
        self.fails(2, "run", self.model, "hi", "--temp", "warm", says="temperature")
        self.fails(2, "run", self.model, "hi", "--max-tokens", "many", says="max_tokens")
        self.fails(2, "tokenize", self.model, "hi", "--backend", "abacus", says="abacus")
        self.fails(2, "detokenize", self.model, "1,x,3", says="x")

    def test_help_and_version_are_fine(self):
        self.assertIn("bench", self.ok("--help").text)
        self.assertTrue(self.ok("--version").text.startswith("hadal "))
        for command in COMMANDS:
            text = self.ok(command, "--help").text
            self.assertIn("--verbose", text)
            self.assertIn("--max-tokens", text)

    def test_a_missing_model_fails_with_its_name(self):
        for arguments in (["tokenize", "hi"], ["run", "hi"], ["info"], ["plan"], ["score", "--text", "hi"], ["bench"]):
            self.fails(1, arguments[0], path("absent.gguf"), *arguments[1:], says="absent.gguf")

    def test_a_damaged_model_fails_in_one_line(self):
        for content in (b"", b"GGUF", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64, b"not a model\n" * 100):
            damaged = write("damaged.gguf", content)
            for command in (["info"], ["plan"], ["run", "hi"], ["tokenize", "hi"]):
                self.fails(1, command[0], damaged, *command[1:])

    def test_chat_without_a_model_says_how_to_get_one(self):
        self.fails(1, "chat", says="demo.sh", XDG_CACHE_HOME=path("empty"))

    def test_a_full_disk_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        self.fails(1, "logits", self.model, "--ids", "1,2,3", "--out", "/dev/full")
        self.assertTrue(os.path.exists("/dev/full"))

    def test_warnings_need_verbose(self):
        quiet = self.ok("tokenize", self.model, "hello")
        loud = run("tokenize", self.model, "hello", "--verbose")
        self.assertEqual(loud.code, 0)
        self.assertEqual(loud.text, quiet.text)
