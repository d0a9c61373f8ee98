#!/usr/bin/env python3
"""Writes bert_characters.inc beside this file.

    pip install unicodedata2==16.0.0 tokenizers==0.23.3

What BERT's normaliser and pre-tokeniser do with each character is asked of the tokenizers library itself: its tables
are those of several Unicode versions, and token ids must agree with it.
"""
import os

import unicodedata2 as u
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

LIMIT = 0x110000
SCALARS = [cp for cp in range(LIMIT) if not 0xD800 <= cp < 0xE000]


def only(**wanted):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return BertNormalizer(**{**flags, **wanted}).normalize_str


def ranges_of(cps):
    out = []
    for cp in cps:
        if out and out[-1][1] == cp - 1:
            out[-1][1] = cp
        else:
            out.append([cp, cp])
    return out


def lower_ranges(lower):
    """[first, last, stride, delta] and the characters that become several."""
    single, several = [], []
    for cp in SCALARS:
        made = lower(chr(cp))
        if len(made) > 1:
            several.append((cp, *map(ord, made)))
        elif ord(made) != cp:
            delta = ord(made) - cp
            last = single[-1] if single else None
            if last and last[3] == delta and (cp - last[1] == last[2] or (last[0] == last[1] and cp - last[1] <= 2)):
                last[2], last[1] = cp - last[1], cp
            else:
                single.append([cp, cp, 1, delta])
    return single, several


def write(out, kind, name, rows):
    out.write(f"constexpr {kind} {name}[{len(rows)}] = {{\n")
    line = "   "
    for row in rows:
        item = " {" + ", ".join(hex(v) if v >= 10 else str(v) for v in row) + "},"
        if len(line) + len(item) > 118:
            out.write(line + "\n")
            line = "   "
        line += item
    out.write(line + "\n};\n")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    clean, strip, lower = only(clean_text=True), only(strip_accents=True), only(lowercase=True)
    split = BertPreTokenizer().pre_tokenize_str
    dropped = [cp for cp in SCALARS if clean("a" + chr(cp) + "a") == "aa"]
    marks = [cp for cp in SCALARS if not u.decomposition(chr(cp)) and not 0xAC00 <= cp < 0xD7A4
             and strip("a" + chr(cp) + "a") == "aa"]
    punctuation = [cp for cp in SCALARS if len(split("a" + chr(cp) + "a")) == 3]
    single, several = lower_ranges(lower)
    with open(os.path.join(here, "bert_characters.inc"), "w", encoding="ascii") as out:
        out.write("// Made by make_bert_tables.py: characters as BERT's normaliser and pre-tokeniser see them.\n")
        write(out, "CodePointRange", "kBertDropped", ranges_of(dropped))
        write(out, "CodePointRange", "kBertMarks", ranges_of(marks))
        write(out, "CodePointRange", "kBertPunctuation", ranges_of(punctuation))
        write(out, "LowerRange", "kLower", single)
        out.write("// Becomes several: " + ", ".join(hex(row[0]) for row in several) + ".\n")
        print(several)


if __name__ == "__main__":
    main()
