#!/usr/bin/env python3
"""Checks the arrow of lib/README.md over the #include lines, with or without quotes.

usage: include_arrow.py REPOSITORY

Each folder may include itself and the folders named for it here; anything else in quotes is an error, and so is a
folder that this table does not know. Prints one line per offence and the count.
"""
import pathlib
import re
import sys

CORE = {"core"}
ALLOWED = {
    "lib/core": set(),
    "lib/quant": CORE,
    "lib/formats": CORE | {"quant"},
    "lib/tokenizer": CORE | {"formats"},
    "lib/chat": CORE | {"formats", "tokenizer"},
    "lib/graph": CORE | {"quant"},
    "lib/models": CORE | {"quant", "formats", "graph"},
    "lib/rag": CORE | {"formats", "tokenizer"},
    "lib/generate": CORE | {"quant", "formats", "tokenizer", "chat", "graph", "models"},
    "lib/api": CORE | {"quant", "formats", "tokenizer", "chat", "graph", "models", "generate", "rag", "hadal", "backends"},
    "backends": CORE | {"quant", "graph", "backends"},
    "include/hadal": {"hadal"},
    "examples": {"hadal"},
}
OWN_FOLDERS = {"core", "quant", "formats", "tokenizer", "chat", "graph", "models", "rag", "generate", "api", "backends", "hadal"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
SOURCES = {".c", ".cc", ".cpp", ".cu", ".h", ".hpp", ".inc"}


def layer_of(path):
    parts = path.parts
    if parts[0] == "lib" and len(parts) > 2:
        return "/".join(parts[:2])
    if parts[0] == "include":
        return "include/hadal"
    return parts[0]


def offences(root):
    for top in ("lib", "backends", "include", "examples"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SOURCES:
                continue
            relative = path.relative_to(root)
            layer = layer_of(relative)
            if layer not in ALLOWED:
                yield f"{relative}: the folder {layer} is not in the table of include_arrow.py"
                continue
            own = layer.split("/")[-1]
            for quote, target in INCLUDE.findall(path.read_text(encoding="utf-8", errors="replace")):
                first = target.split("/")[0]
                if ".." in target.split("/"):
                    yield f"{relative}: includes {target}; say it from the folder's root"
                elif "/" not in target:
                    # A bare name in quotes is a neighbour; it must really lie beside the file.
                    if quote == '"' and not (path.parent / target).exists():
                        yield f"{relative}: includes \"{target}\", which is not beside it"
                elif first in OWN_FOLDERS and first != own and first not in ALLOWED[layer]:
                    yield f"{relative}: includes {target}, against the arrow (may include: " \
                          f"{', '.join(sorted(ALLOWED[layer] | {own}))})"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(offences(root))
    print("\n".join(found))
    print(f"{len(found)} includes against the arrow")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
