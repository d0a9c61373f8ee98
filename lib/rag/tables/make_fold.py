#!/usr/bin/env python3
"""Writes fold.inc beside this file: what a character is searched as, where that is not the character itself.

Lower case everywhere; Latin, Greek and Cyrillic without accents; full-width ASCII, Latin ligatures and letters that
people type without their stroke as plain letters. Kana, Hangul and Indic marks carry meaning and stay. Unicode 16
(pip install unicodedata2==16.0.0).
"""
import os

import unicodedata2 as u

assert u.unidata_version == "16.0.0"
EXTRA = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ς": "σ"}


def european(c):
    return c < 0x530 or 0x1D00 <= c < 0x2000 or 0x2C60 <= c < 0x2C80 or 0xA640 <= c < 0xA6A0 or 0xA720 <= c < 0xA800


def fold(c):
    text = chr(c)
    if 0xFF01 <= c <= 0xFF5E or 0xFB00 <= c <= 0xFB06:
        text = u.normalize("NFKC", text)
    if u.category(chr(c)) == "Lu" or u.category(chr(c)) == "Lt" or text != chr(c):
        text = text.lower()
    if european(c):
        text = "".join(m for m in u.normalize("NFD", text.lower()) if u.category(m) != "Mn")
        text = "".join(EXTRA.get(m, m) for m in text)
    return text


rows = [(c, fold(c)) for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000]
rows = [(c, t) for c, t in rows if t != chr(c)]
assert all(len(t) <= 3 for _, t in rows)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fold.inc"), "w") as out:
    line = ""
    for c, t in rows:
        entry = "{0x%X, {%s}}," % (c, ", ".join("0x%X" % ord(m) for m in t))
        if len(line) + len(entry) + 1 > 118:
            out.write(line + "\n")
            line = ""
        line += (" " if line else "") + entry
    out.write(line + "\n")
