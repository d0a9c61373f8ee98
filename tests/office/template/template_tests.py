#!/usr/bin/env python3
"""Hadal.dotm and Hadal.xlam: is every byte where Office looks for it?   usage: template_tests.py BUILT_FOLDER SOURCES

Read back by code that knows the specifications and not the builder. Last line: `N passed, N failed, N skipped`.
"""
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from compound_reader import decompress, read_compound, reveal  # noqa: E402

BUILT, SOURCES = (os.path.abspath(path) for path in sys.argv[1:3])
BUILDER = os.path.join(SOURCES, "bindings", "office", "template")
sys.path.insert(0, BUILDER)
import compound_file  # noqa: E402
import vba_project  # noqa: E402

FILES = {"Hadal.dotm": "word/vbaProject.bin", "Hadal.xlam": "xl/vbaProject.bin"}
RIBBON = "{http://schemas.microsoft.com/office/2009/07/customui}"


def parts_of(name):
    with zipfile.ZipFile(os.path.join(BUILT, name)) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def modules_of(name):
    streams = read_compound(parts_of(name)[FILES[name]])
    fixed = {"VBA/dir", "VBA/_VBA_PROJECT", "PROJECT", "PROJECTwm"}
    return {key[4:]: decompress(data).decode("ascii") for key, data in streams.items() if key not in fixed}, streams


class Compression(unittest.TestCase):
    def test_what_is_compressed_comes_back(self):
        chance = random.Random(7)
        for size in (0, 1, 2, 3, 15, 16, 17, 4095, 4096, 4097, 8192, 12345):
            for data in (bytes(size), b"Sub A()\r\n" * (size // 9), chance.randbytes(size),
                         bytes(chance.choice(b"ab ") for _ in range(size))):
                self.assertEqual(decompress(vba_project.compress(data))[:len(data)], data, (size, data[:20]))

    def test_text_with_repeats_becomes_smaller(self):
        text = b"    Selection.TypeText answer\r\n" * 100
        self.assertLess(len(vba_project.compress(text)), len(text) // 10)


class CompoundFile(unittest.TestCase):
    def test_streams_of_every_size_come_back_from_a_valid_tree(self):
        chance = random.Random(3)
        for count in (1, 2, 3, 4, 7, 8, 20):
            tree = {f"s{i}" * (1 + i % 5): chance.randbytes(chance.choice((0, 1, 63, 64, 65, 511, 4095, 4096, 70000)))
                    for i in range(count)}
            flat = read_compound(compound_file.compound_file({"VBA": dict(tree), **tree}))
            self.assertEqual(flat, {**tree, **{f"VBA/{name}": data for name, data in tree.items()}})


class Templates(unittest.TestCase):
    def test_each_build_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", os.path.join(BUILDER, "build_templates.py"), folder], check=True)
            for name in FILES:
                digests = []
                for where in (BUILT, folder):
                    with open(os.path.join(where, name), "rb") as file:
                        digests.append(hashlib.sha256(file.read()).hexdigest())
                self.assertEqual(*digests, name)

    def test_every_part_is_well_formed_and_every_relation_has_its_target(self):
        for name in FILES:
            parts = parts_of(name)
            for entry, data in parts.items():
                if entry.endswith((".xml", ".rels")):
                    ElementTree.fromstring(data)
                if entry.endswith(".rels"):
                    folder = os.path.dirname(os.path.dirname(entry))
                    for relation in ElementTree.fromstring(data):
                        self.assertIn(os.path.normpath(os.path.join(folder, relation.get("Target"))), parts, (name, entry))
            overridden = re.findall(r'PartName="/([^"]+)"', parts["[Content_Types].xml"].decode())
            self.assertTrue(set(overridden) <= set(parts), overridden)

    def test_the_project_names_every_module_and_is_open_to_its_user(self):
        for name in FILES:
            modules, streams = modules_of(name)
            project = streams["PROJECT"].decode("cp1252")
            named = re.findall(r"^(?:Document|Module|Class)=(\w+)", project, re.M)
            self.assertEqual(sorted(named), sorted(modules), name)
            project_id = re.search(r'^ID="(.*)"', project, re.M)[1]
            found = {key: reveal(re.search(rf'^{key}="(\w+)"', project, re.M)[1], project_id) for key in ("CMG", "DPB", "GC")}
            self.assertEqual(found, {"CMG": bytes(4), "DPB": b"\0", "GC": b"\xff"})
            self.assertEqual(streams["VBA/_VBA_PROJECT"], bytes.fromhex("cc61ffff000000"))
            for module, source in modules.items():
                self.assertIn(f'Attribute VB_Name = "{module}"', source)
                directory = decompress(streams["VBA/dir"])
                self.assertIn(module.encode("utf-16-le"), directory)

    def test_protection_fields_equal_a_published_example(self):
        kept, vba_project.PROJECT_ID = vba_project.PROJECT_ID, "{917DED54-440B-4FD1-A5C1-74ACF261E600}"
        try:
            self.assertEqual(vba_project.obscure(bytes(4), 7), "0705D8E3D8EDDBF1DBF1DBF1DBF1")
        finally:
            vba_project.PROJECT_ID = kept

    def test_every_button_has_its_macro_and_every_tag_its_prompt(self):
        for name in FILES:
            modules, _ = modules_of(name)
            buttons = list(ElementTree.fromstring(parts_of(name)["customUI/customUI14.xml"]).iter(RIBBON + "button"))
            self.assertEqual([b.get("label") for b in buttons],
                             ["Ask", "Rewrite", "Summarise", "Translate", "Check contract", "Stop", "Settings"])
            for button in buttons:
                module, macro = button.get("onAction").split(".")
                self.assertRegex(modules[module], rf"Public Sub {macro}\(control As Object\)")
                if button.get("tag"):
                    self.assertIn(f'"[{button.get("tag")}]"', modules["HadalPrompts"])

    def test_sources_keep_to_what_vba_and_libreoffice_both_take(self):
        for name in FILES:
            for module, source in modules_of(name)[0].items():
                code = re.sub(r'"[^"\n]*"', '""', source)
                code = re.sub(r"'.*", "", code)
                self.assertLess(max(map(len, source.split("\r\n"))), 1023, module)
                self.assertNotRegex(code, r"(?i)\b(PtrSafe|LongPtr|Declare|StrPtr|AddressOf|Debug\.Print)\b|^#", module)
                self.assertNotRegex(code, r"(?i)With CreateObject", module)   # LibreOffice makes a new one at every dot
                lines = code.split("\r\n")
                runs, run = 0, 0
                for line in lines:
                    run = run + 1 if line.rstrip().endswith(" _") else 0
                    runs = max(runs, run)
                self.assertLess(runs, 25, f"{module}: VBA takes 24 continued lines")

    def test_the_shipped_prompts_are_in_the_templates_word_for_word(self):
        with open(os.path.join(BUILDER, "shared", "prompts.txt"), encoding="utf-8") as file:
            expected = file.read()
        for name in FILES:
            source = modules_of(name)[0]["HadalPrompts"]
            text = ""
            for literal, end in re.findall(r'text = text & "((?:[^"]|"")*)"( & vbLf)?', source):
                text += literal.replace('""', '"') + ("\n" if end else "")
            self.assertEqual(text, expected)


def main():
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = {test.id().split(" ")[0] for test, _ in result.failures + result.errors}
    for name in sorted(failed):
        print(f"FAIL: {name}")
    print(f"{result.testsRun - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed or result.testsRun == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
