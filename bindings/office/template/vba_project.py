"""Makes vbaProject.bin ([MS-OVBA]) from the source text of modules: no compiled code, so Office compiles at first use."""
import struct

from compound_file import compound_file

PROJECT_ID = "{6B1F4C1E-7B4A-4E0C-9B5D-3A7C52D0E8A1}"
STDOLE = (r"*\G{00020430-0000-0000-C000-000000000046}#2.0#0#C:\Windows\System32\stdole2.tlb#OLE Automation")
OFFICE = (r"*\G{2DF8D04C-5BFA-101B-BDE5-00AA0044DE52}#2.0#0#C:\Program Files\Common Files\Microsoft Shared\OFFICE16"
          r"\MSO.DLL#Microsoft Office 16.0 Object Library")


class Module:
    """A module: its kind is "module", "class" or "document", its source as Office exports it."""

    def __init__(self, kind, source):
        text = source.replace("\r\n", "\n")
        self.kind = kind
        # The head of an exported .cls (VERSION ... END) stands only in the file, never in the project.
        start = text.index("Attribute VB_Name = ")
        self.source = text[start:].rstrip("\n") + "\n"
        self.name = self.source.split('"')[1]
        if not self.source.isascii():
            raise ValueError(f"{self.name}: a VBA source is kept in the user's code page; expected ASCII (ChrW for the rest)")


def compress(data):
    """[MS-OVBA] 2.4.1: chunks of 4096 bytes, each a series of literals and (offset, length) copies."""
    out = bytearray(b"\x01")
    for first in range(0, len(data), 4096):
        chunk = data[first:first + 4096]
        body = _compressed_chunk(chunk)
        if len(body) < 4096:
            out += struct.pack("<H", 0xB000 | (len(body) - 1)) + body
        else:
            out += struct.pack("<H", 0x3FFF) + chunk.ljust(4096, b"\0")
    return bytes(out)


def _compressed_chunk(chunk):
    body, at, seen = bytearray(), 0, {}
    while at < len(chunk):
        flags, tokens = 0, bytearray()
        for bit in range(8):
            if at >= len(chunk):
                break
            offset_bits = max(4, (at - 1).bit_length()) if at else 4
            length, offset = _longest_copy(chunk, at, (0xFFFF >> offset_bits) + 3, seen)
            if length >= 3:
                tokens += struct.pack("<H", ((offset - 1) << (16 - offset_bits)) | (length - 3))
                flags |= 1 << bit
            else:
                length = 1
                tokens.append(chunk[at])
            for i in range(at, at + length):
                seen.setdefault(chunk[i:i + 3], []).append(i)
            at += length
        body.append(flags)
        body += tokens
    return bytes(body)


def _longest_copy(chunk, at, limit, seen):
    best, offset, limit = 0, 0, min(limit, len(chunk) - at)
    for start in reversed(seen.get(chunk[at:at + 3], [])[-16:]):
        length = 0
        while length < limit and chunk[start + length] == chunk[at + length]:
            length += 1
        if length > best:
            best, offset = length, at - start
    return best, offset


def obscure(data, seed):
    """[MS-OVBA] 2.4.3.2, the "encryption" of the protection fields in the PROJECT stream."""
    key = sum(PROJECT_ID.encode()) & 0xFF
    out = bytearray([seed, seed ^ 2, seed ^ key])
    plain, last, before = key, out[2], out[1]
    for byte in bytes([seed]) * ((seed & 6) // 2) + struct.pack("<I", len(data)) + data:
        coded = byte ^ ((before + plain) & 0xFF)
        out.append(coded)
        plain, last, before = byte, coded, last
    return out.hex().upper()


def _record(number, data):
    return struct.pack("<HI", number, len(data)) + data


def _two_ways(number, number_utf16, text):
    return _record(number, text.encode("cp1252")) + _record(number_utf16, text.encode("utf-16-le"))


def _directory(modules, name):
    """The `dir` stream: [MS-OVBA] 2.3.4.2, records in this order."""
    def number(value, form="<I"):
        return struct.pack(form, value)
    out = [_record(0x01, number(3)), _record(0x02, number(0x409)), _record(0x14, number(0x409)),
           _record(0x03, number(1252, "<H")), _record(0x04, name.encode()), _two_ways(0x05, 0x40, ""),
           _record(0x06, b""), _record(0x3D, b""), _record(0x07, number(0)), _record(0x08, number(0)),
           struct.pack("<HIIH", 0x09, 4, 0x5F000000, 1), _two_ways(0x0C, 0x3C, "")]
    for reference, library in (("stdole", STDOLE), ("Office", OFFICE)):
        text = library.encode()
        out += [_two_ways(0x16, 0x3E, reference), _record(0x0D, number(len(text)) + text + struct.pack("<IH", 0, 0))]
    out += [_record(0x0F, number(len(modules), "<H")), _record(0x13, number(0xFFFF, "<H"))]
    for module in modules:
        out += [_two_ways(0x19, 0x47, module.name), _two_ways(0x1A, 0x32, module.name), _two_ways(0x1C, 0x48, ""),
                _record(0x31, number(0)), _record(0x1E, number(0)), _record(0x2C, number(0xFFFF, "<H")),
                _record(0x21 if module.kind == "module" else 0x22, b""), _record(0x2B, b"")]
    return b"".join(out) + _record(0x10, b"")


def _project(modules, name):
    """The PROJECT stream: a text as in an .ini file."""
    kinds = {"document": "Document={}/&H00000000", "module": "Module={}", "class": "Class={}"}
    lines = [f'ID="{PROJECT_ID}"', *(kinds[module.kind].format(module.name) for module in modules), f'Name="{name}"',
             'HelpContextID="0"', 'VersionCompatible32="393222000"', f'CMG="{obscure(bytes(4), 7)}"',
             f'DPB="{obscure(bytes(1), 14)}"', f'GC="{obscure(bytes([255]), 21)}"', "", "[Host Extender Info]",
             "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000", "", "[Workspace]",
             *(f"{module.name}=0, 0, 0, 0, C" for module in modules)]
    return "".join(line + "\r\n" for line in lines).encode("cp1252")


def vba_project(modules, name):
    """The bytes of vbaProject.bin."""
    vba = {"_VBA_PROJECT": b"\xcc\x61\xff\xff\x00\x00\x00", "dir": compress(_directory(modules, name))}
    for module in modules:
        vba[module.name] = compress(module.source.replace("\n", "\r\n").encode("ascii"))
    names = b"".join(m.name.encode() + b"\0" + m.name.encode("utf-16-le") + b"\0\0" for m in modules) + b"\0\0"
    return compound_file({"VBA": vba, "PROJECT": _project(modules, name), "PROJECTwm": names})
