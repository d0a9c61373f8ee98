"""The extension installs, and is built the same twice."""
import os
import subprocess
import sys
import zipfile

import shared_office
from shared_office import OfficeTest


class Install(OfficeTest):
    def test_unopkg_takes_the_extension_without_a_word(self):
        self.assertEqual((shared_office.INSTALLED.returncode, shared_office.INSTALLED.stdout.strip()), (0, ""))

    def test_the_same_inputs_give_the_same_bytes(self):
        office = shared_office.OFFICE
        with zipfile.ZipFile(shared_office.EXTENSION) as archive:
            library = archive.extract("lib/libhadal.so", office.path("twice"))
        builder = os.path.join(sys.path[0], "..", "..", "..", "bindings", "office", "libreoffice", "build_oxt.py")
        made = []
        for name in ("one.oxt", "two.oxt"):
            subprocess.run([sys.executable, builder, library, "9.9.9", office.path(name)], check=True)
            with open(office.path(name), "rb") as file:
                made.append(file.read())
        self.assertEqual(made[0], made[1])

    def test_the_library_runs_inside_the_office_process(self):
        self.need_model()
        document = shared_office.OFFICE.open("private:factory/scalc")
        cell = document.Sheets.getByIndex(0).getCellByPosition(0, 0)
        cell.setFormula('=HADAL("Hi")')
        self.assertEqual(cell.getError(), 0)
        with open(f"/proc/{shared_office.OFFICE.office_pid()}/maps", encoding="utf-8") as maps:
            self.assertIn("libhadal.so", maps.read())
