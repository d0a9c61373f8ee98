"""Driving the built tool: running it, reading its .npy files, and the tiny model every test can use."""
import array
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_model  # noqa: E402

TOOL = ""
FOLDER = ""        # for what tests write, removed at the end
REAL_MODEL = ""    # the default model, "" if it is not there


def find_real_model():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", ""), ".cache")
    for path in (os.environ.get("HADAL_TEST_MODEL", ""), os.path.join(cache, "hadal", "SmolLM2-135M-Instruct.Q4_1.gguf")):
        if path and os.path.isfile(path):
            return path
    return ""


class Result:
    def __init__(self, process):
        self.code, self.bytes, self.error = process.returncode, process.stdout, process.stderr.decode("utf-8", "replace")

    @property
    def text(self):
        return self.bytes.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)


def environment(**changes):
    found = {**os.environ, **changes}
    # Sanitized builds report leaks of the tool too, and that is wanted; their exit code must stand out.
    return found


def run(*arguments, stdin=b"", timeout=300, **changes):
    if isinstance(stdin, str):
        stdin = stdin.encode()
    return Result(subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout,
                                 env=environment(**changes)))


def path(name):
    return os.path.join(FOLDER, name)


def write(name, content):
    with open(path(name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path(name)


def read_npy(name):
    """(shape, rows) of a float32 matrix."""
    with open(name, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    size = int.from_bytes(data[8:10], "little")
    header = data[10:10 + size].decode()
    assert (10 + size) % 64 == 0 and "'<f4'" in header and "'fortran_order': False" in header, header
    rows, columns = map(int, re.search(r"\((\d+), (\d+)\)", header).groups())
    values = array.array("f", data[10 + size:])
    assert len(values) == rows * columns
    return (rows, columns), [values[i * columns:(i + 1) * columns] for i in range(rows)]


class ToolTest(unittest.TestCase):
    maxDiff = None

    @property
    def model(self):
        return path("tiny")

    def ok(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.code, 0, f"{arguments}: {result.error}")
        self.assertEqual(result.error, "", arguments)
        return result

    def fails(self, code, *arguments, says="", **options):
        result = run(*arguments, **options)
        self.assertEqual(result.code, code, f"{arguments}: {result.error or result.text}")
        self.assertEqual(result.error.count("\n"), 1, f"expected one line on standard error, found {result.error!r}")
        self.assertIn(says, result.error)
        return result

    def need_real_model(self):
        if not REAL_MODEL:
            self.skipTest("the default model is not in the cache")
        return REAL_MODEL


class Reporter(unittest.TextTestResult):
    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.stream.writeln(f"skipped: {test.id()}: {reason}")


def main(modules):
    global TOOL, FOLDER, REAL_MODEL
    TOOL = os.path.abspath(sys.argv[1])
    REAL_MODEL = find_real_model()
    FOLDER = tempfile.mkdtemp(prefix="hadal-tool-")
    try:
        tiny_model.write_model(path("tiny"))
        loader = unittest.TestLoader()
        if len(sys.argv) > 2:
            loader.testNamePatterns = [f"*{name}*" for name in sys.argv[2:]]
        suite = unittest.TestSuite(loader.loadTestsFromModule(module) for module in modules)
        result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Reporter, verbosity=0).run(suite)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    failed = {test.id().split(" ")[0] for test, _ in result.failures + result.errors}
    for name in sorted(failed):
        print(f"FAIL: {name}")
    skipped = len(result.skipped)
    print(f"{result.testsRun - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed or result.testsRun == 0 else 0
