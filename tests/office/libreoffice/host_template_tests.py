"""The macros of Hadal.dotm and Hadal.xlam, run by LibreOffice as far as its Word and Excel objects go."""
import os

import build_templates
import office_package
import shared_office
import vba_project
from shared_office import OfficeTest, expected_answer

QUESTION = "What is the capital of France?"
PROBE = '''Attribute VB_Name = "Probe"
Public Function Parsed(ByVal answer As String) As String
    Dim edits As Collection, edit As Variant
    Set edits = ParseEdits(answer)
    For Each edit In edits
        Parsed = Parsed & edit(0) & "|" & edit(1) & "|" & edit(2) & vbLf
    Next edit
End Function
Public Function Place(ByVal number As String, ByVal old As String, ByVal text As String) As Long
    Dim paragraphs() As String
    paragraphs = Split(text, vbLf)
    Place = PlaceOf(Array(CLng(number), old, "new"), paragraphs)
End Function
Public Function Filled(ByVal command As String, ByVal text As String) As String
    Filled = WhereOf(PromptSection(command)) & "|" & FilledPrompt(PromptSection(command), text)
End Function
Public Function Common(ByVal a As String, ByVal b As String) As String
    Common = CommonStart(a, b) & "|" & CommonEnd(Mid(a, CommonStart(a, b) + 1), Mid(b, CommonStart(a, b) + 1))
End Function
'''


class TemplateTest(OfficeTest):
    def word_document(self, paragraphs):
        modules = build_templates.word_modules() + [vba_project.Module("module", PROBE)]
        vba = vba_project.vba_project(modules, "Hadal")
        office_package.write_package(shared_office.OFFICE.path("template.docm"), office_package.word_parts(vba, paragraphs))
        shared_office.OFFICE.own()
        return shared_office.OFFICE.open(shared_office.OFFICE.url("template.docm"))

    def call(self, document, name, *arguments):
        module, _, function = name.rpartition(".")
        return shared_office.OFFICE.macro(document, "Hadal", module or "Probe", function, *arguments)


class WordMacros(TemplateTest):
    def test_both_files_load_in_the_office(self):
        # LibreOffice does not know an .xlam by itself.
        for name, modules, how in (("Hadal.dotm", build_templates.word_modules(), {"AsTemplate": False}),
                                   ("Hadal.xlam", build_templates.excel_modules(), {"FilterName": "Calc MS Excel 2007 VBA XML"})):
            shared_office.OFFICE.bring(os.path.join(os.path.dirname(shared_office.EXTENSION), name), name)
            document = shared_office.OFFICE.open(shared_office.OFFICE.url(name), **how)
            found = document.BasicLibraries.getByName("Hadal").getElementNames()
            self.assertEqual(sorted(found), sorted(module.name for module in modules))

    def test_ask_streams_below_the_selection_in_one_undo_step(self):
        self.need_model()
        document = self.word_document([QUESTION, "What follows stays."])
        self.select(document, 0)
        self.assertEqual(self.call(document, "HadalTurn.Perform", "Ask"), "")
        self.assertEqual(self.lines(document), [QUESTION, expected_answer(QUESTION), "What follows stays."])
        document.getUndoManager().undo()
        self.assertEqual(self.lines(document), [QUESTION, "What follows stays."])

    def test_a_missing_model_is_a_sentence_and_the_document_stays(self):
        shared_office.usual_settings(model="/nowhere/model.gguf")
        document = self.word_document([QUESTION, "What follows stays."])
        self.select(document, 0)
        self.assertRegex(self.call(document, "HadalTurn.Perform", "Ask"), r'^Ask: "/nowhere/model.gguf": no such file or folder')
        self.assertEqual(self.lines(document), [QUESTION, "What follows stays."])

    def test_edit_lists_are_read_whatever_stands_around_them(self):
        document = self.word_document([""])
        answer = ('Here you are:\n```json\n[{"place": 2, "old": "a \\"b\\" \\\\ c", "new": "\\u4e2d\\ud83d\\ude00\\n"},\n'
                  ' {"place": "[3]", "old": "same", "new": "same"}, {"old": "x", "new": ""}, {"old": 5}, {broken]\n```')
        self.assertEqual(self.call(document, "Parsed", answer), '2|a "b" \\ c|\u4e2d\U0001f600\n\n0|x|\n')
        for hostile in ("", "{", '{"old', '{"old":', '{"old":"', '{"old":"\\', '{"old":"\\u12', "{" * 5000, '{"place":99999999999,'):
            self.assertEqual(self.call(document, "Parsed", hostile), "")

    def test_an_edit_goes_where_its_words_stand(self):
        document = self.word_document([""])
        text = "the seller pays\nthe buyer pays\nthe end"
        for number, old, expected in ((2, "buyer", 2), (1, "buyer", 2), (0, "the", 1), (2, "the", 2), (9, "the", 0), (1, "nowhere", 0)):
            self.assertEqual(self.call(document, "Place", str(number), old, text), expected, (number, old))

    def test_prompts_come_from_the_users_file_and_braces_in_the_text_stay(self):
        document = self.word_document([""])
        self.assertEqual(self.call(document, "Filled", "Ask", "a {language} {text} \\n b"), "after|a {language} {text} \\n b")
        self.assertTrue(self.call(document, "Filled", "Rewrite", "x").startswith("replace|Rewrite the following"))
        shared_office.OFFICE.prompts("[Translate]\nwhere = after\nInto {language}: {text}!\n")
        try:
            self.assertEqual(self.call(document, "Filled", "Translate", "{text}"), "after|Into English: {text}!")
        finally:
            shared_office.OFFICE.prompts(None)

    def test_the_control_characters_of_word_become_text(self):
        document = self.word_document([""])
        got = self.call(document, "HadalWord.PlainText", "a\r\x07b\r\x07\r\x07c\x0bd\x0ce\x1ef\x1fg\rh")
        self.assertEqual(got, "a\tb\nc\nd\ne-fg\nh")

    def test_what_a_rewritten_paragraph_shares_with_the_old_stays_untouched(self):
        document = self.word_document([""])
        self.assertEqual(self.call(document, "Common", "The buyer pays all costs", "The buyer shall pay all costs"), "10|10")
        self.assertEqual(self.call(document, "Common", "one", "one"), "0|0")
