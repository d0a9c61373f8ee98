"""Macros with CreateObject("Hadal.Session"): the same source as on Windows, run by LibreOffice."""
import json

import shared_office
from shared_office import OfficeTest, expected_answer

# Exactly what a user of Word writes.
FOUR_LINES = '''Sub AskHadal()
    Dim q As String: q = Selection.Text
    Selection.Collapse 0: Selection.TypeParagraph
    Selection.TypeText CreateObject("Hadal.Session").Ask(q)
End Sub
'''
QUESTION = "What is the capital of France?"
# The text of a book's macro that made JSON by hand and broke on most of this.
BOOK_TEXT = ('He said "C:\\new\\table" & \'left\' <b>&amp;</b> {"key": "value\\n"}\t100%\n'
             'second line \u2028? no: \u4e2d\u6587\uff0c\u5168\u89d2\u201c\u5f15\u53f7\u201d; emoji \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301')
BOOK_TEXT = BOOK_TEXT.replace("\u2028", "")


def guarded(body, name="T"):
    """A function that gives its failure back as text: LibreOffice tells a client nothing of an unhandled one."""
    return (f"Function {name}() As Variant\n  On Error GoTo Failed\n{body}\n  Exit Function\n"
            f"Failed:\n  {name} = \"ERR \" & Err.Number & \"|\" & Err.Description\nEnd Function\n")


class FourLineMacro(OfficeTest):
    def test_runs_unchanged_and_its_answer_stands_in_the_saved_file(self):
        self.need_model()
        document = self.macro_document(FOUR_LINES, [QUESTION, "What follows stays."])
        self.select(document, 0)
        self.run_macro(document, "AskHadal")
        path = shared_office.OFFICE.save(document, "answered.docx", "MS Word 2007 XML")
        self.assertEqual([text for text in self.saved_text(path)],
                         [QUESTION, expected_answer(QUESTION), "What follows stays."])


class SessionObject(OfficeTest):
    def call(self, body, paragraphs=("text",)):
        document = self.macro_document(guarded(body), list(paragraphs))
        return self.run_macro(document, "T")

    def test_asks_with_its_default_member_and_named_options(self):
        self.need_model()
        got = self.call(f'''  Dim s As Object: Set s = CreateObject("hadal.session")
  s.Temperature = 0: s.MaxTokens = 8
  T = s("{QUESTION}") & "|" & s.MaxTokens & "|" & s.Temperature & "|" & s.Finish''')
        answer = expected_answer(QUESTION, max_tokens=8)
        self.assertIn(got, (f"{answer}|8|0|stop", f"{answer}|8|0|length"))

    def test_streams_by_polling_the_same_text_as_ask(self):
        self.need_model()
        got = self.call(f'''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  Dim n As Long
  s.Start "{QUESTION}"
  Do Until s.Done
    T = T & s.NextToken(200): n = n + 1: DoEvents
  Loop
  T = n & "|" & T''')
        rounds, _, text = got.partition("|")
        self.assertEqual(text, expected_answer(QUESTION))
        self.assertGreater(int(rounds), 1)

    def test_remembers_the_conversation_until_reset(self):
        self.need_model()
        got = self.call('''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.MaxTokens = 4
  s.Ask "one": s.Ask "two"
  T = s.History
  s.Reset
  T = T & "|" & s.History''')
        before, _, after = got.partition("|")
        self.assertEqual([m["role"] for m in json.loads(before)], ["user", "assistant", "user", "assistant"])
        self.assertEqual(json.loads(after), [])

    def test_book_text_reaches_the_model_and_comes_back_byte_for_byte(self):
        self.need_model()
        source = '''Function T() As Variant
  On Error GoTo Failed
  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.MaxTokens = 1
  s.Ask Selection.Text
  T = s.History
  Exit Function
Failed:
  T = "ERR " & Err.Description
End Function
'''
        document = self.macro_document(source, [BOOK_TEXT, "end"])
        self.select(document, 0)
        history = json.loads(self.run_macro(document, "T"))
        self.assertEqual(history[0]["content"].replace("\r\n", "\n"), BOOK_TEXT)


class Failures(OfficeTest):
    def call(self, body):
        return self.run_macro(self.macro_document(guarded(body), ["text"]), "T")

    def test_a_missing_model_is_an_error_that_says_what_to_do(self):
        got = self.call('''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.Open "/nowhere/model.gguf"''')
        self.assertRegex(got, r'(?s)^ERR 440\|.*"/nowhere/model\.gguf": no such file.*Tools > Options > Hadal')

    def test_other_objects_are_still_unknown(self):
        self.assertTrue(self.call('  Set o = CreateObject("No.Such")\n  T = "made"').startswith("ERR"))
