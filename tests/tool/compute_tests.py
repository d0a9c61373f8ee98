"""run, logits, score, info, plan, bench and quantize, on the tiny model and, where it is there, the default one."""
import json
import math
import os
import shutil
import signal
import subprocess
import time

import harness
import tiny_model
from harness import ToolTest, path, read_npy, run, write

IDS = "72,101,108,108,111,32,119,111,114,108,100,46"


def largest_difference(a, b):
    return max(abs(x - y) for row, other in zip(a, b) for x, y in zip(row, other))


class Logits(ToolTest):
    def logits(self, name, *flags, model=None):
        self.ok("logits", model or self.model, "--ids", IDS, "--out", path(name), *flags)
        return read_npy(path(name))

    def test_there_is_a_row_for_each_token_and_a_column_for_each_row_of_the_head(self):
        shape, rows = self.logits("plain.npy")
        self.assertEqual(shape, (12, 288))
        self.assertTrue(all(math.isfinite(v) for row in rows for v in row))
        self.assertGreater(largest_difference(rows[:1], rows[1:2]), 0.01)

    def test_neither_chunks_nor_threads_change_a_bit(self):
        whole = self.logits("whole.npy")
        for flags in (["--chunk", "1"], ["--chunk", "5"], ["--threads", "1"], ["--threads", "3"]):
            self.assertEqual(self.logits("other.npy", *flags)[1], whole[1], flags)

    def test_the_reference_agrees(self):
        fast, reference = self.logits("fast.npy")[1], self.logits("reference.npy", "--backend", "reference")[1]
        spread = max(map(max, reference)) - min(map(min, reference))
        self.assertLess(largest_difference(fast, reference) / spread, 2e-3)   # float weights, f16 cache: tests/README.md

    def test_text_and_ids_are_the_same(self):
        text = self.ok("tokenize", self.model, "hello there").text.strip()
        self.ok("logits", self.model, "--text", "hello there", "--out", path("text.npy"))
        self.ok("logits", self.model, "--ids", text, "--out", path("ids.npy"))
        self.assertEqual(read_npy(path("text.npy")), read_npy(path("ids.npy")))

    def test_ids_outside_the_vocabulary_leave_no_file(self):
        self.fails(1, "logits", self.model, "--ids", "1,99999", "--out", path("none.npy"))
        self.assertFalse(os.path.exists(path("none.npy")))

    def test_score_is_the_mean_of_the_logits_surprise(self):
        text = "hello world, it is late"
        ids = self.ok("tokenize", self.model, text, "--json").json["ids"]
        found = self.ok("score", self.model, "--text", text, "--json").json
        bos = [] if found["tokens"] == len(ids) - 1 else [262]
        self.ok("logits", self.model, "--ids", ",".join(map(str, bos + ids)), "--out", path("score.npy"))
        rows, targets = read_npy(path("score.npy"))[1], (bos + ids)[1:]
        surprise = 0
        for row, target in zip(rows, targets):
            top = max(row)
            surprise += top + math.log(sum(math.exp(v - top) for v in row)) - row[target]
        self.assertAlmostEqual(found["perplexity"] / math.exp(surprise / len(targets)), 1, delta=1e-4)
        self.assertAlmostEqual(found["bits_per_byte"], surprise / math.log(2) / len(text), delta=1e-3)


class Run(ToolTest):
    def answer(self, *flags):
        return self.ok("run", self.model, "hello", "--max-tokens", "12", "--json", *flags).json

    def test_json_holds_the_whole_answer(self):
        out = self.answer("--temp", "0", "--ignore-end")
        self.assertLessEqual({"text", "thought", "tokens", "prompt_tokens", "finish", "usage"}, set(out))
        self.assertEqual((len(out["tokens"]), out["finish"]), (12, "length"))
        prompt = self.ok("render", self.model, stdin='[{"role":"user","content":"hello"}]').text
        ids = self.ok("tokenize", self.model, prompt, "--special", "--json").json["ids"]
        self.assertEqual(out["prompt_tokens"], len(ids))
        text = self.ok("detokenize", self.model, ",".join(map(str, out["tokens"]))).text
        self.assertEqual(out["text"], text)
        self.assertEqual(out["usage"]["generated_tokens"], 12)

    def test_plain_output_is_the_answer_and_a_line_break(self):
        plain = self.ok("run", self.model, "hello", "--max-tokens", "12", "--temp", "0", "--ignore-end").text
        self.assertEqual(plain, self.answer("--temp", "0", "--ignore-end")["text"] + "\n")

    def test_greedy_and_seeded_answers_repeat(self):
        self.assertEqual(self.answer("--temp", "0")["tokens"], self.answer("--temp", "0")["tokens"])
        self.assertEqual(self.answer("--temp", "1", "--seed", "7")["tokens"], self.answer("--temp", "1", "--seed", "7")["tokens"])
        self.assertNotEqual(self.answer("--temp", "2", "--seed", "7", "--top-p", "1")["tokens"],
                            self.answer("--temp", "2", "--seed", "8", "--top-p", "1")["tokens"])

    def test_raw_goes_on_from_the_prompt_as_it_is(self):
        out = self.ok("run", self.model, "hello", "--raw", "--max-tokens", "3", "--temp", "0", "--ignore-end", "--json").json
        self.assertEqual(out["prompt_tokens"], 1)
        self.ok("logits", self.model, "--text", "hello", "--out", path("raw.npy"))
        row = read_npy(path("raw.npy"))[1][-1]
        self.assertEqual(out["tokens"][0], max(range(len(row)), key=lambda i: row[i]))

    def test_a_suffix_asks_for_what_stands_before_it(self):
        tokens = ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]
        tiny_model.write_model(path("code"), tiny_model.SPECIALS + tokens)
        ask = ["--max-tokens", "3", "--temp", "0", "--ignore-end", "--json"]
        filled = self.ok("run", path("code"), "int f() {", "--suffix", "}", *ask).json
        written = "<|endoftext|>" + tokens[0] + "int f() {" + tokens[1] + "}" + tokens[2]
        raw = self.ok("run", path("code"), written, "--raw", *ask).json
        self.assertEqual((filled["tokens"], filled["prompt_tokens"]), (raw["tokens"], raw["prompt_tokens"]))
        self.fails(1, "run", self.model, "int f() {", "--suffix", "}", says="found one without")

    def test_several_stop_texts_end_the_answer(self):
        whole = self.answer("--temp", "0", "--ignore-end")["text"]
        stop = next(c for c in whole[1:] if c != "\ufffd")
        out = self.answer("--temp", "0", "--ignore-end", "--stop", "no such text", "--stop", stop)
        self.assertEqual(out["finish"], "stop_text")
        self.assertEqual(out["text"], whole[:whole.index(stop)])

    def test_a_full_context_ends_the_answer(self):
        out = self.ok("run", self.model, "hi", "--raw", "--context", "16", "--temp", "0", "--ignore-end", "--json").json
        self.assertEqual(out["finish"], "context")

    def test_interrupting_an_answer_leaves_with_130(self):
        process = subprocess.Popen([harness.TOOL, "run", self.model, "hello", "--ignore-end", "--max-tokens", "100000",
                                    "--context", "60000", "--backend", "reference"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, error = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, error)
        self.assertLess(time.monotonic() - started, 5)

    def test_prompts_may_come_from_a_file(self):
        self.assertEqual(self.ok("run", self.model, "--file", write("prompt", "hello"), "--max-tokens", "5", "--temp", "0").text,
                         self.ok("run", self.model, "hello", "--max-tokens", "5", "--temp", "0").text)


class Facts(ToolTest):
    def test_info_knows_the_model(self):
        facts = self.ok("info", self.model, "--json").json
        self.assertEqual((facts["architecture"], facts["layers"], facts["hidden"], facts["context"]), ("llama", 2, 64, 65536))
        self.assertEqual(len(facts["tensors"]), 21)
        self.assertIn("im_start", facts["chat_template"])
        text = self.ok("info", self.model).text
        for part in ("llama", "tensors", "licence", "template"):
            self.assertIn(part, text)

    def test_bench_writes_what_every_thread_did(self):
        trace = path("trace.json")
        self.ok("bench", self.model, "-p", "16", "-n", "4", "-r", "1", "-t", "2", "--json", "--trace", trace)
        with open(trace, encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        self.assertGreater(len(events), 20)
        self.assertTrue({"embed", "attention"} <= {event["name"] for event in events})
        for event in events:
            self.assertEqual(event["ph"], "X")
            self.assertGreaterEqual(event["dur"], 0)
            self.assertIn(event["tid"], (0, 1))
            self.assertTrue(event["args"]["node"])

    def test_plan_adds_up_and_grows_with_the_context(self):
        small = self.ok("plan", self.model, "--context", "128", "--json").json
        large = self.ok("plan", self.model, "--context", "1024", "--json").json
        for plan in (small, large):
            self.assertGreaterEqual(plan["total"], plan["weights"] + plan["packed"] + plan["cache"] + plan["arena"])
        self.assertAlmostEqual(large["cache"] / small["cache"], 8, delta=1.5)
        self.assertIn("total", self.ok("plan", self.model).text)

    def test_plan_says_what_would_fit(self):
        small = self.ok("plan", self.model, "--context", "512", "--json").json
        large = self.ok("plan", self.model, "--context", "4096", "--json").json
        self.assertEqual(large["would_fit"], [])   # it fits as it is
        limit = str((small["total"] + large["total"]) // 2)
        refused = self.ok("plan", self.model, "--context", "4096", "--memory-limit", limit, "--json").json
        self.assertFalse(refused["fits"])
        contexts = [choice for choice in refused["would_fit"] if choice["option"].startswith("context=")]
        self.assertEqual(len(contexts), 1)
        self.assertLessEqual(contexts[0]["total"], int(limit))
        self.assertIn("What would fit:", self.ok("plan", self.model, "--context", "4096", "--memory-limit", limit).text)
        hopeless = self.ok("plan", self.model, "--memory-limit", "4K").text
        self.assertIn("Nothing smaller would fit either", hopeless)

    def test_plan_needs_no_weights(self):
        folder = path("index_only")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(self.model, "config.json"), folder)
        with open(os.path.join(self.model, "model.safetensors"), "rb") as file:
            names = list(json.loads(file.read(int.from_bytes(file.read(8), "little"))))
        index = {"metadata": {"total_size": 500000}, "weight_map": {name: "model-00001-of-00001.safetensors" for name in names}}
        with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
            json.dump(index, file)
        self.assertGreater(self.ok("plan", folder, "--json").json["total"], 100000)

    def test_bench_names_its_tests_and_probes_the_machine(self):
        out = self.ok("bench", self.model, "-p", "16", "-n", "8", "-b", "1,4", "-s", "2", "-r", "2", "-t", "1", "--json").text
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["test"] for line in lines], ["pp16", "tg8", "batch1", "batch4", "tg8x2"])
        for line in lines:
            self.assertEqual(list(line), ["test", "depth", "threads", "best", "median", "share", "read_gbs", "vnni_gops",
                                          "load_s", "peak_rss_mb"])
            self.assertGreaterEqual(line["best"], line["median"])
            self.assertGreater(line["read_gbs"], 0)
            self.assertEqual(line["threads"], 1)
        self.assertEqual(self.ok("bench", self.model, "-p", "0", "-n", "0", "--json").text, "")

    def test_quantize_keeps_what_the_type_can_hold(self):
        full, small = path("full.gguf"), path("small.gguf")
        self.ok("quantize", self.model, full, "F32")
        self.ok("quantize", self.model, small, "Q8_0", "--json")
        self.assertLess(os.path.getsize(small), os.path.getsize(full) / 2)
        rows = {}
        for model in (self.model, full, small):
            self.ok("logits", model, "--ids", IDS, "--out", path("quantized.npy"), "--backend", "reference")
            rows[model] = read_npy(path("quantized.npy"))[1]
        self.assertEqual(rows[self.model], rows[full])
        self.assertGreater(largest_difference(rows[full], rows[small]), 0)
        self.assertLess(largest_difference(rows[full], rows[small]), 0.5)
        self.assertEqual(self.ok("tokenize", full, "hello world").text, self.ok("tokenize", self.model, "hello world").text)
        self.fails(1, "quantize", self.model, path("bad.gguf"), "Q99")
        self.assertFalse(os.path.exists(path("bad.gguf")))


class DefaultModel(ToolTest):
    def test_it_knows_the_capital_of_france(self):
        out = self.ok("run", self.need_real_model(), "What is the capital of France?", "--temp", "0", "--max-tokens", "32",
                      "--json").json
        self.assertIn("Paris", out["text"])
        self.assertEqual(out["finish"], "stop")

    def test_it_predicts_english_well(self):
        text = "The quick brown fox jumps over the lazy dog. The sun rises in the east and sets in the west."
        self.assertLess(self.ok("score", self.need_real_model(), "--text", text, "--json").json["bits_per_byte"], 1.2)

    def test_exact_and_default_precision_agree_on_the_next_token(self):
        model = self.need_real_model()
        flags = ["--text", "The capital of France is", "--out", path("precision.npy")]
        top = []
        for precision in ("default", "exact"):
            self.ok("logits", model, *flags, "--precision", precision)
            row = read_npy(path("precision.npy"))[1][-1]
            top.append(max(range(len(row)), key=lambda i: row[i]))
        self.assertEqual(*top)
