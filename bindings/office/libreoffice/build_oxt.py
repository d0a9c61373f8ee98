#!/usr/bin/env python3
"""Packs hadal.oxt.   usage: build_oxt.py LIBRARY VERSION OUT.oxt

The same inputs give the same bytes: entries in order, no times.
"""
import os
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROMPTS = os.path.join(HERE, "..", "template", "shared", "prompts.txt")
LEFT_OUT = {"build_oxt.py", "CMakeLists.txt", "README.md"}


def stripped(library):
    """The library without debug information; as it is where there is no strip."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "libhadal.so")
        try:
            subprocess.run(["strip", "--strip-unneeded", "-o", copy, library], check=True)
        except (OSError, subprocess.CalledProcessError):
            copy = library
        with open(copy, "rb") as file:
            return file.read()


def parts(library, version):
    for folder, folders, files in os.walk(HERE):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, HERE)
            if inside in LEFT_OUT:
                continue
            with open(path, "rb") as file:
                yield inside, file.read().replace(b"@VERSION@", version.encode())
    with open(PROMPTS, "rb") as file:
        yield "prompts.txt", file.read()
    yield "lib/libhadal.so", stripped(library)


def main():
    library, version, out = sys.argv[1:]
    with zipfile.ZipFile(out + ".part", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts(library, version):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    os.replace(out + ".part", out)


if __name__ == "__main__":
    main()
