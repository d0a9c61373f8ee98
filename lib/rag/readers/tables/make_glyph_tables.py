#!/usr/bin/env python3
"""Writes glyph_names.inc, glyph_encodings.inc and standard_widths.inc beside it.

needs: fonttools (Adobe's glyph list), reportlab (encodings and widths of the standard fonts)
usage: make_glyph_tables.py
"""
import pathlib

from fontTools.agl import LEGACY_AGL2UV
from fontTools.encodings.StandardEncoding import StandardEncoding
from reportlab.pdfbase import _fontdata

HERE = pathlib.Path(__file__).parent
AGL2UV = {name: codes[0] for name, codes in LEGACY_AGL2UV.items() if len(codes) == 1}


def wrapped(file, items):
    line = "   "
    for item in items:
        if len(line) + len(item) > 118:
            file.write(line + "\n")
            line = "   "
        line += item
    file.write(line + "\n")


def unicode_of(name):
    return AGL2UV.get(name, 0) if name else 0


def code_row(file, name, codes):
    file.write(f'constexpr char16_t {name}[] =\n')
    for at in range(0, 256, 16):
        end = "};" if at == 240 else ","
        file.write(("    {" if at == 0 else "     ") + ", ".join(f"0x{c:X}" for c in codes[at:at + 16]) + end + "\n")


def main():
    with open(HERE / "glyph_names.inc", "w", encoding="utf-8") as file:
        file.write("// Made by make_glyph_tables.py from Adobe's glyph list: names of one character, sorted.\n")
        file.write("constexpr GlyphName kGlyphNames[] = {\n")
        wrapped(file, [f' {{"{name}", 0x{code:X}}},' for name, code in sorted(AGL2UV.items())])
        file.write("};\n")
    with open(HERE / "glyph_encodings.inc", "w", encoding="utf-8") as file:
        file.write("// Made by make_glyph_tables.py: what the codes of built-in encodings mean; 0 = nothing.\n")
        code_row(file, "kStandardEncoding", [unicode_of(name if name != ".notdef" else None) for name in StandardEncoding])
        code_row(file, "kSymbolEncoding", [unicode_of(name) for name in _fontdata.encodings["SymbolEncoding"]])
    with open(HERE / "standard_widths.inc", "w", encoding="utf-8") as file:
        file.write("// Made by make_glyph_tables.py: widths of ASCII 20 to 7E in the fonts every reader has.\n")
        file.write("constexpr StandardWidths kStandardWidths[] = {\n")
        names = _fontdata.encodings["WinAnsiEncoding"]
        for font in ["Helvetica", "Helvetica-Bold", "Times-Roman", "Times-Bold", "Times-Italic", "Times-BoldItalic"]:
            widths = _fontdata.widthsByFontGlyph[font]
            file.write(f'    {{"{font}", {{\n')
            values = [widths.get(names[code], 0) for code in range(0x20, 0x7F)]
            for at in range(0, len(values), 24):
                file.write("        " + ", ".join(map(str, values[at:at + 24])) + ("}},\n" if at + 24 >= len(values) else ",\n"))
        file.write("};\n")


if __name__ == "__main__":
    main()
