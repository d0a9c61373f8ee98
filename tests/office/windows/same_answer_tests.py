#!/usr/bin/env python3
"""The tool under Windows writes the same greedy text as on Linux.

usage: same_answer_tests.py LINUX_TOOL WINE... WINDOWS_TOOL

Last line: `N passed, N failed, N skipped`.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
PROMPTS = ("What is the capital of France?", "Write one sentence about the sea.", "你好，\"C:\\x\" & 😀?")


def default_model():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = os.environ.get("HADAL_TEST_MODEL") or os.path.join(cache, "hadal", MODEL_FILE)
    return path if os.path.isfile(path) else None


def answer(command, model, prompt):
    done = subprocess.run([*command, "run", model, prompt, "--temp", "0", "--max-tokens", "24", "--json"],
                          capture_output=True, text=True, encoding="utf-8", timeout=300)
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr.strip()}"
    found = json.loads(done.stdout)
    return found["text"], found["tokens"], found["finish"]


def main():
    linux, windows = sys.argv[1], sys.argv[2:]
    model = default_model()
    if model is None or not linux or not os.access(linux, os.X_OK):
        print("skipped: " + ("the default model is not in the cache" if model is None else "no native tool was named"))
        print(f"0 passed, 0 failed, {len(PROMPTS) + 1} skipped")
        return 0
    failed = 0
    for prompt in PROMPTS:
        expected, found = answer([linux], model, prompt), answer(windows, model, prompt)
        if expected != found:
            failed += 1
            print(f"FAIL: {prompt}\n  expected {expected}\n  found    {found}")
    # A path in letters no code page of the machine has, with spaces.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "模型 für alle.gguf")
        try:
            os.link(model, path)
        except OSError:
            shutil.copy(model, path)
        if answer(windows, path, PROMPTS[0]) != answer([linux], model, PROMPTS[0]):
            failed += 1
            print("FAIL: a path with 中文 and spaces")
    print(f"{len(PROMPTS) + 1 - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
