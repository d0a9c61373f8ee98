#!/usr/bin/env python3
"""Sums up the test cases of one or more ctest runs.

usage: count_cases.py LABEL=JUNIT.xml... [LABEL=skipped:REASON]...

A doctest program reports each of its cases; any other test is one case, or says itself "N passed, N failed, N skipped"
in its last lines. A case that ran in several builds (plain, sanitizers) counts once: failed if it failed anywhere,
skipped if the first build skipped it. Last line: `N passed, N failed, N skipped`; exit code 1 if anything failed.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

SUMMARY = re.compile(r"^\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed\s*\|\s*(\d+) skipped", re.M)
OWN_COUNT = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped\s*$", re.M)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def doctest_cases(output):
    """The names doctest printed, with what happened: name -> ("failed" | "skipped", reason)."""
    found, name = {}, None
    for line in output.splitlines():
        if line.startswith("TEST CASE:"):
            name = line[len("TEST CASE:"):].strip()
        elif name is None:
            continue
        elif match := re.search(r"(?:MESSAGE|WARNING): (?:skipped:\s*)(.*)", line):
            found.setdefault(name, ("skipped", match.group(1).strip()))
        elif re.search(r"\b(?:ERROR|FATAL ERROR|test case CRASHED)\b", line):
            found[name] = ("failed", line.strip())
    return found


def read_run(path):
    """JUnit file of one ctest run -> list of (test, total cases, {case: (state, reason)})."""
    tests = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, output = case.get("name"), COLOUR.sub("", case.findtext("system-out") or "")
        failed = case.find("failure") is not None or case.get("status") == "fail"
        skipped = case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")
        summary, own = SUMMARY.findall(output), OWN_COUNT.findall(output)
        if summary:
            total, _, bad, _ = (int(n) for n in summary[-1])
            cases = doctest_cases(output)
            named = sum(state == "failed" for state, _ in cases.values())
            for i in range(named, bad):
                cases[f"(unnamed case {i})"] = ("failed", "see the output")
            if failed and bad == 0:   # all cases fine and yet a bad exit: a leak report, a crash at the end
                cases["(exit)"] = ("failed", case.find("failure").get("message") if case.find("failure") is not None else "")
                total += 1
            if skipped and total == 0:
                total, cases = 1, {"(all)": ("skipped", reason_of(output))}
        elif own:
            good, bad, left = (int(n) for n in own[-1])
            total, cases = good + bad + left, {}
            reasons = re.findall(r"^skipped: (.*)$", output, re.M)
            for i in range(left):
                cases[f"(skipped {i})"] = ("skipped", reasons[i] if i < len(reasons) else "")
            names = re.findall(r"^FAIL: (.*)$", output, re.M)
            for i in range(max(bad, 1 if failed else 0)):
                cases[names[i] if i < len(names) else f"(failed {i})"] = ("failed", "")
        elif skipped:
            total, cases = 1, {"": ("skipped", reason_of(output))}
        else:
            total, cases = 1, {"": ("failed", last_line(output))} if failed else {}
        tests.append((name, total, cases))
    return tests


def reason_of(output):
    found = re.findall(r"skipped: (.*)", output)
    return found[-1].strip() if found else last_line(output) or "no reason given"


def last_line(output):
    """What a test without cases has to say for itself: a sanitizer's verdict, else its last line."""
    verdict = re.findall(r"^SUMMARY: (.*)$", output, re.M)
    if verdict:
        return verdict[0].strip()
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def main(arguments):
    failed, skipped, total = {}, {}, 0
    seen = set()
    for argument in arguments:
        label, path = argument.split("=", 1)
        if path.startswith("skipped:"):   # a whole run that was left out counts as one skipped case
            skipped[(label, "")] = path.removeprefix("skipped:").strip()
            total += 1
            continue
        tests = read_run(path)
        bad = left = count = 0
        for test, cases_total, cases in tests:
            count += cases_total
            if test not in seen:
                total += cases_total
                for case, (state, reason) in cases.items():
                    if state == "skipped":
                        skipped[(test, case)] = reason
            for case, (state, reason) in cases.items():
                bad += state == "failed"
                left += state == "skipped"
                if state == "failed":
                    if (test, case) not in failed and test in seen and case.startswith("("):
                        total += 1   # something only this build has, such as a sanitizer's report at exit
                    failed[(test, case)] = failed.get((test, case), "") + f" [{label}] {reason}"
        seen.update(test for test, _, _ in tests)
        print(f"{label}: {count} cases in {len(tests)} tests, {bad} failed, {left} skipped")
    for (test, case), reason in skipped.items():
        if (test, case) not in failed:
            print(f"skipped: {test}{': ' if case else ''}{case}: {reason}")
    for (test, case), reason in failed.items():
        print(f"FAILED: {test}{': ' if case else ''}{case}{reason}")
    skips = sum(key not in failed for key in skipped)
    passed = total - len(failed) - skips
    print(f"{passed} passed, {len(failed)} failed, {skips} skipped")
    return 1 if failed or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
