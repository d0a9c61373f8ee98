#!/usr/bin/env python3
"""Texts in many encodings and what they say in UTF-8, by Python's codecs. Needs nothing else.

usage: document_encodings.py OUT     (tests/golden/documents/encodings)
"""
import pathlib
import sys

ENGLISH = "The warranty covers parts for two years.\nKeep the receipt.\n"
WESTERN = "Die Gewährleistung beträgt zwei Jahre – für alle Geräte.\nLa garantie couvre les pièces : 25 €.\n"
SIMPLIFIED = ("合同编号：HT-2024-017。甲方应当在收到货物后三十日内付款，逾期的，每日按照未付金额的万分之五支付违约金。\n"
              "本合同自双方签字之日起生效，一式两份，双方各执一份。\n")
TRADITIONAL = ("保固期間為兩年，自購買日起算。請保留發票與保證書。\n"
               "本公司不負責因不當使用所造成的損壞；如有問題請與我們聯絡，電話：02-1234-5678。\n")
RARE = SIMPLIFIED + "藏文：བོད་ཡིག，蒙文：ᠮᠣᠩᠭᠣᠯ，扩展：𠀀𠮷，Ångström é ñ。\n"


def two_byte_codes(codec, trails):
    for lead in range(0x81, 0xFF):
        for trail in trails:
            code = bytes([lead, trail])
            try:
                text = code.decode(codec)
            except UnicodeDecodeError:
                continue
            if len(text) == 1 and ord(text) < 0x10000:
                yield code, text


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)

    def write(name, text, codec, mark=b""):
        (out / name).write_bytes(mark + text.encode(codec))
        (out / f"{name}.utf8").write_bytes(text.encode())

    write("utf8.txt", ENGLISH + WESTERN + SIMPLIFIED, "utf-8")
    write("utf8_bom.txt", ENGLISH, "utf-8", b"\xEF\xBB\xBF")
    write("utf16le_bom.txt", ENGLISH + RARE, "utf-16-le", b"\xFF\xFE")
    write("utf16be_bom.txt", ENGLISH + RARE, "utf-16-be", b"\xFE\xFF")
    write("utf16le.txt", ENGLISH, "utf-16-le")
    write("gb18030.txt", SIMPLIFIED, "gb18030")
    write("gb18030_four.txt", RARE, "gb18030")
    write("big5.txt", TRADITIONAL, "big5")
    write("latin1.txt", WESTERN, "cp1252")
    for name, codec, trails in [("gb18030", "gb18030", [*range(0x40, 0x7F), *range(0x80, 0xFF)]),
                                ("big5", "big5hkscs", [*range(0x40, 0x7F), *range(0xA1, 0xFF)])]:
        pairs = list(two_byte_codes(codec, trails))[::7]
        (out / f"{name}_all.bin").write_bytes(b"".join(code for code, _ in pairs))
        (out / f"{name}_all.utf8").write_bytes("".join(text for _, text in pairs).encode())


if __name__ == "__main__":
    main()
