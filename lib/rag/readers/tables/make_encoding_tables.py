#!/usr/bin/env python3
"""Writes the tables beside it from Python's codecs and the HTML entity list of its standard library.

usage: make_encoding_tables.py

Two-byte codes row by row; U+FFFD where a code means nothing. Private-use characters are written as escapes.
"""
import html.entities
import pathlib

HERE = pathlib.Path(__file__).parent


def cell(codec, lead, trail):
    try:
        text = bytes([lead, trail]).decode(codec)
    except UnicodeDecodeError:
        return 0xFFFD
    return ord(text) if len(text) == 1 and ord(text) < 0x10000 else 0xFFFD


def literal(codes):
    out = ""
    for code in codes:
        shown = chr(code)
        plain = code > 0x2000 and not 0xE000 <= code < 0xF900 and not 0x2000 <= code < 0x2070 and code < 0xFFF0
        out += shown if plain and shown.isprintable() else f"\\u{code:04X}"
    return f'    u"{out}"\n'


def rows(name, codec, leads, trails, comment):
    with open(HERE / f"{codec}.inc", "w", encoding="utf-8") as file:
        file.write(f"// Made by make_encoding_tables.py. {comment}\n")
        file.write(f"constexpr char16_t {name}[] =\n")
        file.writelines(literal([cell(codec, lead, trail) for trail in trails]) for lead in leads)
        file.write("    ;\n")


SINGLE = {"windows-1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1253": "cp1253",
          "windows-1254": "cp1254", "iso-8859-2": "iso8859_2", "iso-8859-5": "iso8859_5", "iso-8859-7": "iso8859_7",
          "iso-8859-15": "iso8859_15", "koi8-r": "koi8_r", "macintosh": "mac_roman"}


def single_bytes():
    with open(HERE / "single_byte.inc", "w", encoding="utf-8") as file:
        file.write("// Made by make_encoding_tables.py: what bytes 80 to FF mean. Bytes without a meaning are U+FFFD.\n")
        file.write("constexpr SingleByteEncoding kSingleByteEncodings[] = {\n")
        for name, codec in SINGLE.items():
            codes = [ord(bytes([b]).decode(codec, "replace")) for b in range(128, 256)]
            text = "".join(chr(c) if c > 0xA0 and c != 0xAD and not 0xE000 <= c < 0xF900 and chr(c).isprintable()
                           else f"\\u{c:04X}" for c in codes)
            file.write(f'    {{"{name}",\n     u"{text}"}},\n')
        file.write("};\n")


def entities():
    singles = {}
    for name, text in html.entities.html5.items():
        if name.endswith(";") and len(text) == 1:
            singles[name[:-1]] = ord(text)
    with open(HERE / "html_entities.inc", "w", encoding="utf-8") as file:
        file.write("// Made by make_encoding_tables.py from the list of HTML: named characters of one code point, by name.\n")
        file.write("constexpr NamedCharacter kNamedCharacters[] = {\n")
        line = "   "
        for name in sorted(singles):
            item = f' {{"{name}", 0x{singles[name]:X}}},'
            if len(line) + len(item) > 118:
                file.write(line + "\n")
                line = "   "
            line += item
        file.write(line + "\n};\n")


if __name__ == "__main__":
    rows("kGb18030", "gb18030", range(0x81, 0xFF), [*range(0x40, 0x7F), *range(0x80, 0xFF)],
         "GB18030 of two bytes: leads 81 to FE, trails 40 to FE without 7F.")
    rows("kBig5", "big5hkscs", range(0x81, 0xFF), [*range(0x40, 0x7F), *range(0xA1, 0xFF)],
         "Big5 with the Hong Kong supplement, as far as it is one code unit: leads 81 to FE, trails 40 to 7E and A1 to FE.")
    single_bytes()
    entities()
