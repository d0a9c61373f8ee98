#!/usr/bin/env python3
"""Writes unicode_classes.inc and unicode_nfc.inc beside this file.

    pip install unicodedata2==16.0.0 tokenizers==0.23.3

Classes are those of Unicode 16. Two things follow the tokenizers library where it differs from Unicode 16: its
Digits stage already knows a few numerals of Unicode 17, and its NFC was made from older data, so marks newer than
that neither reorder nor compose there. Both are asked of the library itself, so that token ids agree with it.
"""
import os

import unicodedata2 as u
from tokenizers import normalizers, pre_tokenizers

assert u.unidata_version == "16.0.0"
LIMIT = 0x110000
HANGUL = range(0xAC00, 0xAC00 + 11172)
WHITE_SPACE = {*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
# Other_Alphabetic symbols: circled and squared letters; with marks and letters they make up \w.
SYMBOL_LETTERS = {*range(0x24B6, 0x24EA), *range(0x1F130, 0x1F14A), *range(0x1F150, 0x1F16A), *range(0x1F170, 0x1F18A)}
(OTHER, LETTER, MARK, NUMBER, NUMBER_OTHER, PUNCTUATION, CONNECTOR, SYMBOL, SYMBOL_LETTER, SPACE, LATE_NUMBER,
 JOINER) = range(12)
nfc_of_tokenizers = normalizers.NFC().normalize_str
digits_of_tokenizers = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str


def is_scalar(cp):
    return not 0xD800 <= cp < 0xE000


def class_of(cp):
    if not is_scalar(cp):
        return OTHER
    if cp in WHITE_SPACE:
        return SPACE
    if cp in (0x200C, 0x200D):
        return JOINER
    if cp in SYMBOL_LETTERS:
        return SYMBOL_LETTER
    category = u.category(chr(cp))
    if category[0] == "N":
        return NUMBER_OTHER if category == "No" else NUMBER
    if len(digits_of_tokenizers("a" + chr(cp))) == 2:
        return LATE_NUMBER
    if category == "Pc":
        return CONNECTOR
    return {"L": LETTER, "M": MARK, "P": PUNCTUATION, "S": SYMBOL}.get(category[0], OTHER)


def nfc_data():
    """({cp: combining class}, {cp: (first, second or 0, composable)}) as the library knows them."""
    classes, decompositions = {}, {}
    for cp in filter(is_scalar, range(LIMIT)):
        ch, cc = chr(cp), u.combining(chr(cp))
        # A starter blocks the reordering of the two marks around it; a known mark takes its place between them.
        probe = "\u0334\u0301" + ch + "\u0591\u0345"
        if cc and nfc_of_tokenizers(probe) == u.normalize("NFC", probe):
            classes[cp] = cc
        mapping = u.decomposition(ch)
        if mapping and not mapping.startswith("<"):
            parts = [int(x, 16) for x in mapping.split()]
            pair = "".join(map(chr, parts))
            known = nfc_of_tokenizers(ch) == u.normalize("NFC", ch) and nfc_of_tokenizers(pair) == u.normalize("NFC", pair)
            if known:
                composable = len(parts) == 2 and u.normalize("NFC", pair) == ch
                decompositions[cp] = (parts[0], parts[1] if len(parts) == 2 else 0, composable)
    return classes, decompositions


def needs_nfc(cp, classes, decompositions, seconds):
    if not is_scalar(cp) or cp in HANGUL:
        return False
    if cp in classes or cp in seconds or 0x1161 <= cp <= 0x1175 or 0x11A8 <= cp <= 0x11C2:
        return True
    return cp in decompositions and u.normalize("NFC", chr(cp)) != chr(cp)


def two_stage(values, block, pack):
    stage1, blocks = [], {}
    for start in range(0, LIMIT, block):
        stage1.append(blocks.setdefault(tuple(values[start:start + block]), len(blocks)))
    assert len(blocks) <= 256
    return stage1, [word for key in blocks for word in pack(key)]


def packer(bits):
    per_word = 64 // bits
    return lambda key: [sum(v << (bits * i) for i, v in enumerate(key[at:at + per_word])) for at in range(0, len(key), per_word)]


def write_array(out, kind, name, values, width):
    out.write(f"constexpr {kind} {name}[{len(values)}] = {{\n")
    line = "   "
    for v in values:
        item = f" 0x{v:x}," if width == 64 else f" {v},"
        if len(line) + len(item) > 118:
            out.write(line + "\n")
            line = "   "
        line += item
    out.write(line + "\n};\n")


def bytes_as_words(values):
    values = values + [0] * (-len(values) % 8)
    return [sum(v << (8 * i) for i, v in enumerate(values[at:at + 8])) for at in range(0, len(values), 8)]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    classes, decompositions = nfc_data()
    seconds = {second for _, second, composable in decompositions.values() if composable}
    with open(os.path.join(here, "unicode_classes.inc"), "w", encoding="ascii") as out:
        out.write("// Made by make_unicode_tables.py from Unicode 16. Class of a code point, 4 bits each in blocks of 128.\n")
        stage1, blocks = two_stage([class_of(cp) for cp in range(LIMIT)], 128, packer(4))
        write_array(out, "uint64_t", "kClassStage1", bytes_as_words(stage1), 64)
        write_array(out, "uint64_t", "kClassBlocks", blocks, 64)
    with open(os.path.join(here, "unicode_nfc.inc"), "w", encoding="ascii") as out:
        out.write("// Made by make_unicode_tables.py: canonical composition as the tokenizers library knows it.\n")
        out.write("// One bit per code point in blocks of 256: NFC may change the text around it.\n")
        flags = [int(needs_nfc(cp, classes, decompositions, seconds)) for cp in range(LIMIT)]
        stage1, blocks = two_stage(flags, 256, packer(1))
        write_array(out, "uint64_t", "kNfcStage1", bytes_as_words(stage1), 64)
        write_array(out, "uint64_t", "kNfcBlocks", blocks, 64)
        out.write("// first | last << 21 | combining class << 42, ascending.\n")
        ranges = []
        for cp in sorted(classes):
            if ranges and ranges[-1][1] == cp - 1 and ranges[-1][2] == classes[cp]:
                ranges[-1][1] = cp
            else:
                ranges.append([cp, cp, classes[cp]])
        write_array(out, "uint64_t", "kCombining", [a | b << 21 | c << 42 for a, b, c in ranges], 64)
        out.write("// code point | first << 21 | second << 42, ascending; second is 0 for a single character.\n")
        order = sorted(decompositions)
        packed = [cp | decompositions[cp][0] << 21 | decompositions[cp][1] << 42 for cp in order]
        write_array(out, "uint64_t", "kDecompositions", packed, 64)
        out.write("// Places in kDecompositions of the pairs that compose, by (first, second).\n")
        pairs = sorted((decompositions[cp][:2], i) for i, cp in enumerate(order) if decompositions[cp][2])
        write_array(out, "uint16_t", "kCompositions", [i for _, i in pairs], 16)


if __name__ == "__main__":
    main()
