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
             'second line: \u4e2d\u6587\uff0c\u5168\u89d2\u201c\u5f15\u53f7\u201d; '
             'emoji \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301')


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


    def test_keeps_every_line_of_a_longer_answer(self):
        self.need_model()
        question = "Write a poem of four short lines about the sea."
        document = self.macro_document(FOUR_LINES, [question, "end"])
        self.select(document, 0)
        self.run_macro(document, "AskHadal")
        answer = expected_answer(question)
        self.assertIn("\n", answer)
        self.assertEqual(self.lines(document), [question, *answer.split("\n"), "end"])


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
        source = guarded("""  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.MaxTokens = 1
  s.Ask Selection.Text
  T = s.History
  s.System = Selection.Text
  Selection.Collapse 0: Selection.TypeParagraph
  Selection.TypeText s.System""")
        document = self.macro_document(source, [BOOK_TEXT, "end"])
        self.select(document, 0)
        history = json.loads(self.run_macro(document, "T"))
        self.assertEqual(history[0]["content"], BOOK_TEXT)
        path = shared_office.OFFICE.save(document, "book.docx", "MS Word 2007 XML")
        self.assertEqual(self.saved_text(path), [BOOK_TEXT, *BOOK_TEXT.split("\n"), "end"])

    def test_options_are_set_read_and_refused_by_name(self):
        self.need_model()
        got = self.call('''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.SetOption "top_k", 5
  T = s.Option("top_k") & "|" & UBound(s.Tokens("Hello world")) & "|"
  s.Option "top_k", 7
  T = T & s.Option("top_k")
  s.SetOption "temprature", 1''')
        self.assertRegex(got, r"(?s)ERR 440.*temprature.*temperature")

    def test_models_lists_what_is_installed(self):
        got = self.call('''  Dim m As Object: Set m = CreateObject("Hadal.Models")
  T = m.Count & "|" & m.Item(1) & "|" & m.Default''')
        path = shared_office.OFFICE.path("model.gguf")
        self.assertEqual(got, f"1|{path}|{path}")

    def test_one_model_is_kept_for_all_sessions_of_the_process(self):
        self.need_model()
        body = '''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.MaxTokens = 1
  s.Ask "Hi": T = s.Usage'''
        first, second = json.loads(self.call(body)), json.loads(self.call(body))
        self.assertEqual(first["load_us"], second["load_us"])
        with open(f"/proc/{shared_office.OFFICE.office_pid()}/maps", encoding="utf-8") as maps:
            mapped = [line for line in maps if line.rstrip().endswith("model.gguf")]
        self.assertLessEqual(len(mapped), 1)

    def test_next_token_holds_the_office_no_longer_than_asked(self):
        self.need_model()
        got = self.call(f'''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  Dim t0 As Long, longest As Long, n As Long
  s.Ask "Hi"
  s.Start "{QUESTION}"
  Do Until s.Done
    t0 = GetSystemTicks()   ' Timer counts seconds here
    s.NextToken 10
    If GetSystemTicks() - t0 > longest Then longest = GetSystemTicks() - t0
    n = n + 1
  Loop
  T = longest & "|" & n''')
        longest, _, rounds = got.partition("|")
        print(f"NextToken(10): longest of {rounds} calls {longest} ms")
        # The goal is 50 ms; a machine that runs other tests at the same time may take the processor away for longer.
        self.assertLess(int(longest), 1000)

    def test_cancel_half_way_stops_and_the_session_goes_on(self):
        self.need_model()
        got = self.call(f'''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.MaxTokens = 2000
  s.Start "Count from one to a thousand."
  Do While s.NextToken(1000) = "": Loop
  Dim t0 As Long: t0 = GetSystemTicks()
  s.Cancel
  T = (GetSystemTicks() - t0) & "|" & s.Finish & "|"
  s.Reset: s.MaxTokens = 32
  T = T & s.Ask("{QUESTION}")''')
        waited, _, rest = got.partition("|")
        print(f"Cancel: {waited} ms")   # the goal is 20 ms of computing; see NextToken for why the bound is wider
        self.assertLess(int(waited), 1000)
        self.assertEqual(rest, f"cancelled|{expected_answer(QUESTION)}")

    def test_nothing_as_sink_is_a_plain_ask(self):
        self.need_model()
        got = self.call(f'''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  T = s.AskStream("{QUESTION}", Nothing)''')
        self.assertEqual(got, expected_answer(QUESTION))


class Failures(OfficeTest):
    def call(self, body):
        return self.run_macro(self.macro_document(guarded(body), ["text"]), "T")

    def test_a_missing_model_is_an_error_that_says_what_to_do(self):
        got = self.call('''  Dim s As Object: Set s = CreateObject("Hadal.Session")
  s.Open "/nowhere/model.gguf"''')
        self.assertRegex(got, r'(?s)^ERR 440\|.*"/nowhere/model\.gguf": no such file.*Tools > Options > Hadal')

    def test_wrong_arguments_are_errors_with_a_sentence(self):
        self.need_model()
        for body, says in (("s.Ask", "wrong argument"), ("s.Ask Nothing", "wrong argument"), ("s.Ask Array(1, 2)", "wrong argument"),
                           ('s.Temperature = "hot"', "wrong argument"), ('s.Temperature = -1: s.Ask "x"', "temperature"),
                           ("s.Done = True", "can only be read"), ('s.Open 5', "no such file"), ('s.NextToken "soon"', None),
                           ('s.MaxTokens = 1: s.Start "Hi": s.NextToken 1E+300', None),
                           ('CreateObject("Hadal.Models").Item 0', "expected 1 to")):
            got = self.call(f'  Dim s As Object: Set s = CreateObject("Hadal.Session")\n  {body}\n  T = "fine"')
            if says:
                self.assertRegex(got, f"(?s)^ERR 440.*{says}", body)
            else:
                self.assertEqual(got, "fine", body)

    def test_a_macro_that_fails_half_way_leaves_the_document_and_the_next_macro_well(self):
        self.need_model()
        source = ('Sub Fails()\n  Dim s As Object: Set s = CreateObject("Hadal.Session")\n  s.MaxTokens = 2000\n'
                  '  s.Start "Count to a thousand."\n  s.NextToken 500\n  Err.Raise 5\nEnd Sub\n' + FOUR_LINES)
        document = self.macro_document(source, [QUESTION, "end"])
        self.select(document, 0)
        try:
            self.run_macro(document, "Fails")
        except Exception:   # LibreOffice may or may not tell a client
            pass
        self.assertEqual(self.lines(document), [QUESTION, "end"])
        self.run_macro(document, "AskHadal")
        self.assertEqual(self.lines(document), [QUESTION, expected_answer(QUESTION), "end"])

    def test_a_hundred_thousand_characters_are_refused_and_nothing_is_lost(self):
        self.need_model()
        document = self.macro_document(guarded("  T = CreateObject(\"Hadal.Session\").Ask(Selection.Text)"), ["word " * 20000])
        self.select(document, 0)
        self.assertRegex(self.run_macro(document, "T"), r"(?s)^ERR 440.*context")
        self.assertEqual(self.lines(document), ["word " * 20000])

    def test_other_objects_are_still_unknown(self):
        self.assertTrue(self.call('  Set o = CreateObject("No.Such")\n  T = "made"').startswith("ERR"))
