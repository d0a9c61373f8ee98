"""The one LibreOffice all tests of this folder share, and what they have in common."""
import functools
import unittest
import zipfile

import office_host
import office_package
import vba_project

OFFICE = None
EXTENSION = ""
INSTALLED = None      # what unopkg said
HAS_MODEL = False

DOCUMENT_MODULE = ('Attribute VB_Name = "ThisDocument"\nAttribute VB_Base = "1Normal.ThisDocument"\n'
                   "Attribute VB_GlobalNameSpace = False\nAttribute VB_Creatable = False\n"
                   "Attribute VB_PredeclaredId = True\nAttribute VB_Exposed = True\n")


def open_office(extension):
    global OFFICE, EXTENSION, INSTALLED, HAS_MODEL
    OFFICE, EXTENSION = office_host.Office(), extension
    model = office_host.real_model()
    HAS_MODEL = bool(model)
    if model:
        OFFICE.bring(model, "model.gguf")
    usual_settings()
    OFFICE.own()
    INSTALLED = OFFICE.install(extension)
    OFFICE.start()


def close_office():
    if HAS_MODEL:   # at work to the last
        usual_settings(cell_tokens="2000")
        document = OFFICE.open("private:factory/scalc")
        for row in range(4):
            document.Sheets.getByIndex(0).getCellByPosition(0, row).setFormula(f'=HADAL.ASYNC("Count to {row + 900}.")')
        document.setModified(False)
    code, said = OFFICE.stop(), OFFICE.said()
    OFFICE.remove()
    return code, said


def usual_settings(**changes):
    OFFICE.settings(**{"model": OFFICE.path("model.gguf"), "temperature": "0", "max_tokens": "32", "cell_tokens": "16",
                       **changes})


class OfficeTest(unittest.TestCase):
    def setUp(self):
        usual_settings()

    def tearDown(self):
        self.assertTrue(OFFICE.alive(), "the office died")
        components = OFFICE.desktop.getComponents().createEnumeration()
        while components.hasMoreElements():
            components.nextElement().close(True)

    def need_model(self):
        if not HAS_MODEL:
            self.skipTest("the default model is not in the cache")

    def text_document(self, text=""):
        document = OFFICE.open("private:factory/swriter")
        cursor = document.Text.createTextCursor()
        for i, line in enumerate(text.split("\n")):
            if i:
                document.Text.insertControlCharacter(cursor, 0, False)
            document.Text.insertString(cursor, line, False)
        document.getUndoManager().clear()
        return document

    def select(self, document, first, last=None):
        """Selects whole paragraphs, counted from 0."""
        cursor = document.Text.createTextCursor()
        for _ in range(first):
            cursor.gotoNextParagraph(False)
        for _ in range((first if last is None else last) - first):
            cursor.gotoNextParagraph(True)
        cursor.gotoEndOfParagraph(True)
        document.CurrentController.select(cursor)

    def macro_document(self, source, paragraphs, name="macro.docm"):
        """A .docm of these paragraphs with one module of macros, open in the office."""
        modules = [vba_project.Module("document", DOCUMENT_MODULE),
                   vba_project.Module("module", 'Attribute VB_Name = "Macros"\n' + source)]
        vba = vba_project.vba_project(modules, "UserMacros")
        office_package.write_package(OFFICE.path(name), office_package.word_parts(vba, paragraphs))
        OFFICE.own()
        return OFFICE.open(OFFICE.url(name))

    def run_macro(self, document, name, *arguments):
        return OFFICE.macro(document, "UserMacros", "Macros", name, *arguments)

    def lines(self, document):
        return document.Text.getString().replace("\r\n", "\n").split("\n")

    def saved_text(self, path):
        """The text of word/document.xml, paragraph by paragraph."""
        import xml.etree.ElementTree as ElementTree
        space = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
        with zipfile.ZipFile(path) as archive:
            root = ElementTree.fromstring(archive.read("word/document.xml"))
        wanted = {space + "t": lambda e: e.text or "", space + "br": lambda e: "\n", space + "tab": lambda e: "\t"}
        return ["".join(wanted[e.tag](e) for e in p.iter() if e.tag in wanted) for p in root.iter(space + "p")]


_EXPECTED = {}


def expected_answer(prompt, **options):
    """What the library answers in this process, with the same options: the office must give the same."""
    key = (prompt, *sorted(options.items()))
    if key not in _EXPECTED:
        session = own_model().session("; ".join(f"{k}={v}" for k, v in {"temperature": 0, "max_tokens": 32, **options}.items()))
        session.add("user", prompt)
        pieces = []
        while (piece := session.next()) is not None:
            pieces.append(piece[1])
        _EXPECTED[key] = "".join(pieces)
    return _EXPECTED[key]


@functools.lru_cache
def own_model():
    from hadal_office import native
    with zipfile.ZipFile(EXTENSION) as archive:
        path = archive.extract("lib/libhadal.so", OFFICE.path("beside"))
    return native.Library(path).open_model(OFFICE.path("model.gguf"))
