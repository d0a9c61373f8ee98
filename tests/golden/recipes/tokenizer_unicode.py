#!/usr/bin/env python3
"""Prints FNV-1a digests of what the tokenizers library thinks of every code point, for unicode_test.cpp.

    pip install tokenizers==0.23.3
"""
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [cp for cp in range(0x110000) if not 0xD800 <= cp < 0xE000]


def fnv(data, value=0xCBF29CE484222325):
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def main():
    for name, pattern in (("letter", r"\p{L}"), ("mark", r"\p{M}"), ("number", r"\p{N}"), ("punctuation", r"\p{P}"),
                          ("symbol", r"\p{S}"), ("space", r"\s")):
        split = pre_tokenizers.Split(Regex(pattern), "removed")
        print(name, hex(fnv(bytes(not split.pre_tokenize_str(chr(cp)) for cp in SCALARS))))
    digits = pre_tokenizers.Digits(individual_digits=True)
    print("digit stage", hex(fnv(bytes(len(digits.pre_tokenize_str("a" + chr(cp))) == 2 for cp in SCALARS))))
    nfc = normalizers.NFC().normalize_str
    digest = fnv(b"")
    for cp in (cp for cp in SCALARS if cp < 0x30000):  # nothing above composes
        for text in (chr(cp), "\u0334\u0301" + chr(cp) + "\u0591", "A" + chr(cp) + "\u0300", "\u1100" + chr(cp) + "\u11A8"):
            digest = fnv(nfc(text).encode(), digest)
    print("nfc", hex(digest))


if __name__ == "__main__":
    main()
