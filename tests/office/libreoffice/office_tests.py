#!/usr/bin/env python3
"""The LibreOffice extension and the Word macros, in a real LibreOffice.   usage: office_tests.py HADAL.oxt SOURCES [NAME...]

Last line: `N passed, N failed, N skipped`. Exit code 77 when there is no LibreOffice here.
"""
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import office_host  # noqa: E402

SLOW = 5   # seconds; what takes longer is named
MODULES = ("install_tests", "macro_tests", "calc_tests", "writer_tests", "options_tests",
           "host_template_tests")


class Reporter(unittest.TextTestResult):
    def startTest(self, test):
        self._started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        if time.monotonic() - self._started > SLOW:
            self.stream.writeln(f" ({test.id()}: {time.monotonic() - self._started:.0f} s)")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.stream.writeln(f"skipped: {test.id()}: {reason}")


def main():
    extension, sources = (os.path.abspath(path) for path in sys.argv[1:3])
    sys.path[:0] = [os.path.join(sources, "bindings/office/template"),
                    os.path.join(sources, "bindings/office/libreoffice/pythonpath")]
    reason = office_host.missing()
    if reason:
        count = sum(open(os.path.join(HERE, f"{name}.py")).read().count("    def test_") for name in MODULES)
        print(f"skipped: {reason}\n" * count, end="")
        print(f"0 passed, 0 failed, {count} skipped")
        return 77
    import shared_office
    loader = unittest.TestLoader()
    if len(sys.argv) > 3:
        loader.testNamePatterns = [f"*{name}*" for name in sys.argv[3:]]
    suite = unittest.TestSuite(loader.loadTestsFromModule(__import__(name)) for name in MODULES)
    shared_office.open_office(extension)
    try:
        result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Reporter, verbosity=1).run(suite)
    finally:
        code, said = shared_office.close_office()
    failed = {test.id().split(" ")[0] for test, _ in result.failures + result.errors}
    if code != 0:
        failed.add(f"the office ends in peace while a model is at work (exit code {code}): {said}")
    for name in sorted(failed):
        print(f"FAIL: {name}")
    skipped = len(result.skipped)
    print(f"{result.testsRun - len(failed) - skipped + (code != 0)} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed or result.testsRun == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
