#!/usr/bin/env python3
"""Counts the instructions of fixed work under callgrind and compares them with the recorded figures.

  instruction_counts.py PROGRAM RECORDED COMPILER [--record]

Counts do not depend on what else the machine does, so a kernel that became slower shows where times are noise. A figure
that moved by more than 3 %, up or down, fails: a gain is recorded with --record, in the commit that brings it.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BOUND = 0.03
SKIPPED = 77


def count(program):
    """{name: instructions}, or the reason why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode == SKIPPED:
            return [line for line in done.stderr.splitlines() if not line.startswith("==")][-1]
        if done.returncode != 0:
            sys.exit(f"the counted program failed:\n{done.stderr}")
        counts = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                text = file.read()
            trigger = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
            if trigger and total:
                counts[trigger.group(1).strip()] = int(total.group(1))
        return counts


def main():
    program, recorded_path, compiler = sys.argv[1:4]
    if not shutil.which("valgrind"):
        print("skipped: no valgrind")
        return SKIPPED
    record = "--record" in sys.argv
    if not record:
        with open(recorded_path, encoding="utf-8") as file:
            recorded = json.load(file)
        if recorded["compiler"] != compiler:
            print(f"skipped: recorded with {recorded['compiler']}, this is {compiler}")
            return SKIPPED
    counts = count(program)
    if isinstance(counts, str):
        print(f"skipped: {counts}")
        return SKIPPED
    if record:
        with open(recorded_path, "w", encoding="utf-8") as file:
            json.dump({"compiler": compiler, "instructions": dict(sorted(counts.items()))}, file, indent=1)
            file.write("\n")
        return 0
    failed = sorted(set(counts) ^ set(recorded["instructions"]))
    for name in failed:
        print(f"{name:24} {'not recorded' if name in counts else 'not counted'}")
    for name, expected in recorded["instructions"].items():
        if name not in counts:
            continue
        moved = counts[name] / expected - 1
        print(f"{name:24} {counts[name]:>13,} instructions, recorded {expected:>13,}  {moved:+.2%}")
        if abs(moved) > BOUND:
            failed.append(name)
    if failed:
        print(f"moved by more than {BOUND:.0%}: {', '.join(failed)}")
    return 1 if failed else 0


sys.exit(main())
