#!/usr/bin/env python3
"""What can be read from the DLL without running it.

usage: dll_tests.py DLL DEF OBJDUMP

Imports only DLLs that every Windows has; exports exactly the .def; no aligned AVX move to memory, which the 16-byte
aligned stack of Windows does not survive (GCC bug 54412); at most 6 MiB. Last line: `N passed, N failed, 0 skipped`.
"""
import os
import re
import subprocess
import sys

ALLOWED = {"KERNEL32.DLL", "MSVCRT.DLL", "ADVAPI32.DLL", "OLE32.DLL", "OLEAUT32.DLL", "USER32.DLL"}
LARGEST = 6 << 20
# Aligned moves of 32 and 64 bytes with a memory operand.
ALIGNED_MOVE = re.compile(r"\tvmov(?:aps|apd|dqa|dqa32|dqa64)\s+(?=.*[yz]mm)(?=.*\()")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def imports(text):
    found = {name.upper() for name in re.findall(r"DLL Name: (\S+)", text)}
    return [f"imports {name}" for name in sorted(found - ALLOWED)]


def exports(text, definition):
    table = text[text.index("[Ordinal/Name Pointer] Table"):]
    found = set(re.findall(r"^\s*\[\s*\d+\]\s+(?:\+base\[\s*\d+\]\s+\w+\s+)?(\S+)$", table, re.M))
    with open(definition, encoding="utf-8") as file:
        wanted = set(re.findall(r"^  (\w+)", file.read(), re.M))
    return ([f"does not export {name}" for name in sorted(wanted - found)] +
            [f"exports {name}, which the .def does not name" for name in sorted(found - wanted)])


def aligned_moves(dll, objdump):
    problems = []
    with subprocess.Popen([objdump, "-d", "--no-show-raw-insn", dll], stdout=subprocess.PIPE, text=True) as listing:
        for line in listing.stdout:
            if ALIGNED_MOVE.search(line):
                problems.append(f"aligned move: {line.strip()}")
    return problems[:10]


def main():
    dll, definition, objdump = sys.argv[1:]
    text = run(objdump, "-p", dll)
    size = os.path.getsize(dll)
    checks = {
        "it imports system DLLs only": imports(text),
        "it exports what the .def names": exports(text, definition),
        "it has no aligned AVX move to memory": aligned_moves(dll, objdump),
        "it is small": [f"{size} bytes, at most {LARGEST}"] if size > LARGEST else [],
    }
    print(f"{os.path.basename(dll)}: {size / (1 << 20):.2f} MiB")
    failed = 0
    for name, problems in checks.items():
        failed += bool(problems)
        if problems:
            print(f"FAIL: {name}")
        for problem in problems:
            print(f"  {problem}")
    print(f"{len(checks) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
