"""chat: driven through pipes and through a real pseudo-terminal."""
import os
import pty
import select
import signal
import subprocess
import time

import harness
from harness import ToolTest, path, run

QUICK = ["--max-tokens", "6", "--temp", "0", "--ignore-end"]


class Piped(ToolTest):
    def test_each_line_is_a_turn(self):
        out = self.ok("chat", self.model, *QUICK, stdin="hello\nhow are you\n/bye\nnever read\n").text
        self.assertEqual(out.count("answer 6 tokens"), 2)
        self.assertNotIn("\x1b[", out)

    def test_the_end_of_input_leaves(self):
        self.assertEqual(self.ok("chat", self.model, *QUICK, stdin="").text, "")

    def test_the_default_model_is_found_in_the_cache(self):
        os.makedirs(path("cache/hadal"), exist_ok=True)
        gguf = path("cache/hadal/SmolLM2-135M-Instruct.Q4_1.gguf")
        self.ok("quantize", self.model, gguf, "F16")
        self.assertIn("answer 6 tokens", self.ok("chat", *QUICK, stdin="hello\n", XDG_CACHE_HOME=path("cache")).text)

    def test_options_can_be_looked_at_and_changed(self):
        out = self.ok("chat", self.model, *QUICK, stdin="/set max_tokens 3\n/set max_tokens\n/set\nhello\n").text
        self.assertIn("max_tokens           3", out)
        self.assertIn("top_p", out)
        self.assertIn("answer 3 tokens", out)

    def test_help_lists_the_commands(self):
        out = self.ok("chat", self.model, stdin="/?\n").text
        for name in ("/set", "/load", "/save", "/clear", "/bye"):
            self.assertIn(name, out)

    def test_unknown_commands_and_bad_options_end_a_script(self):
        self.fails(1, "chat", self.model, stdin="/sing\n", says="/sing")
        self.fails(1, "chat", self.model, stdin="/set temperatur 1\n", says="temperature")

    def test_a_saved_conversation_goes_on(self):
        kept = path("kept.session")
        self.ok("chat", self.model, *QUICK, stdin=f"hello\n/save {kept}\n")
        straight = self.ok("chat", self.model, *QUICK, stdin="hello\nand then\n").text
        resumed = self.ok("chat", self.model, *QUICK, stdin=f"/load {kept}\nand then\n").text
        last = lambda text: [line for line in text.splitlines() if "answer" in line][-1].split("context")[1]
        self.assertEqual(last(resumed), last(straight))
        self.fails(1, "chat", self.model, stdin=f"/load {self.model}/config.json\n")

    def test_clear_starts_anew(self):
        out = self.ok("chat", self.model, *QUICK, stdin="hello\n/clear\nhello\n").text
        first, second = (line for line in out.splitlines() if "answer" in line)
        self.assertEqual(first.split("context")[1], second.split("context")[1])

    def test_three_quotes_hold_several_lines(self):
        out = self.ok("chat", self.model, *QUICK, stdin='"""one\ntwo\nthree"""\n').text
        self.assertEqual(out.count("answer 6 tokens"), 1)


class Terminal:
    """The tool on a pseudo-terminal."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([harness.TOOL, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        env=harness.environment(TERM="xterm"), preexec_fn=self.own_terminal)
        os.close(slave)
        self.seen = ""

    @staticmethod
    def own_terminal():
        import fcntl
        import termios
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text, timeout=60):
        """Reads until the text has come, and takes everything up to it."""
        end = time.monotonic() + timeout
        while text not in self.seen:
            left = end - time.monotonic()
            assert left > 0, f"expected {text!r}, found {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    raise AssertionError(f"the tool left before {text!r}: {self.seen[-2000:]!r}") from None
        at = self.seen.index(text) + len(text)
        found, self.seen = self.seen[:at], self.seen[at:]
        return found

    def leave(self, timeout=30):
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        code = self.process.wait(timeout)
        os.close(self.master)
        return code


class OnATerminal(ToolTest):
    def chat(self, *flags):
        terminal = Terminal("chat", self.model, "--temp", "0", "--ignore-end", *flags)
        self.addCleanup(lambda: terminal.process.poll() is None and terminal.process.kill())
        terminal.wait_for(">>> ")
        return terminal

    def test_a_turn_shows_its_speed_and_bye_leaves(self):
        terminal = self.chat("--max-tokens", "5")
        terminal.type("hello\r")
        terminal.wait_for("answer 5 tokens")
        terminal.wait_for(">>> ")
        terminal.type("/bye\r")
        self.assertEqual(terminal.leave(), 0)

    def test_ctrl_c_stops_an_answer_and_the_chat_goes_on(self):
        terminal = self.chat("--backend", "reference", "--context", "60000")
        terminal.type("hello\r")
        terminal.wait_for("hello")
        time.sleep(1)
        terminal.type("\x03")
        terminal.wait_for("cancelled")
        terminal.wait_for(">>> ")
        terminal.type("/set max_tokens 4\r")
        terminal.wait_for(">>> ")
        terminal.type("again\r")
        terminal.wait_for("answer 4 tokens")
        terminal.wait_for(">>> ")
        terminal.type("\x04")
        self.assertEqual(terminal.leave(), 0)

    def test_ctrl_c_twice_at_the_prompt_leaves(self):
        terminal = self.chat()
        terminal.type("\x03")
        terminal.wait_for("again")
        terminal.wait_for(">>> ")
        terminal.type("\x03")
        self.assertEqual(terminal.leave(), 130)

    def test_lines_can_be_edited_and_called_back(self):
        terminal = self.chat("--max-tokens", "3")
        # 你好x with x rubbed out, and a word put before it; then the command from the history
        terminal.type("/nosuch你好x\x7f\x01\x1b[C\x1b[C\r")
        terminal.wait_for("/nosuch你好: no such command")
        terminal.wait_for(">>> ")
        terminal.type("\x1b[A\x15/other\r")
        terminal.wait_for("/other: no such command")
        terminal.wait_for(">>> ")
        terminal.type("\x1b[A\x1b[A\r")
        terminal.wait_for("/nosuch你好: no such command")
        terminal.wait_for(">>> ")
        terminal.type("\x04")
        self.assertEqual(terminal.leave(), 0)

    def test_failures_do_not_end_the_conversation(self):
        terminal = self.chat("--max-tokens", "3")
        terminal.type("/set temperature warm\r")
        terminal.wait_for("expected a number")
        terminal.wait_for(">>> ")
        terminal.type("hello\r")
        terminal.wait_for("answer 3 tokens")
        terminal.type("/bye\r")
        self.assertEqual(terminal.leave(), 0)
