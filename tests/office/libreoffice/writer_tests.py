"""The commands of the Hadal menu in Writer."""
import shared_office
from office_host import wait_until
from shared_office import OfficeTest, expected_answer

QUESTION = "What is the capital of France?"


def undone(manager):
    """Undoes one step; False while a command still keeps its undo step open."""
    from com.sun.star.document import UndoContextNotClosedException
    try:
        manager.undo()
        return True
    except UndoContextNotClosedException:
        return False


class Commands(OfficeTest):
    def run_command(self, document, name):
        shared_office.OFFICE.dispatch(document, f"org.hadal.office:{name}")

    def undo_all(self, document):
        """Undoes everything once no command is at work; how many steps it took."""
        manager, steps = document.getUndoManager(), 0
        while manager.isUndoPossible() or not steps:
            self.assertTrue(wait_until(lambda: undone(manager), 20))
            steps += 1
        return steps

    def test_ask_writes_below_the_selection_and_is_one_undo_step(self):
        self.need_model()
        document = self.text_document(f"{QUESTION}\nWhat follows stays.")
        self.select(document, 0)
        self.run_command(document, "ask")
        expected = [QUESTION, expected_answer(QUESTION), "What follows stays."]
        self.assertTrue(wait_until(lambda: self.lines(document) == expected), self.lines(document))
        self.assertEqual(self.undo_all(document), 1)
        self.assertEqual(self.lines(document), [QUESTION, "What follows stays."])

    def has_bar(self, document):
        return document.getCurrentController().hasInfobar("hadal")

    def test_without_a_selection_the_paragraph_of_the_cursor_is_asked(self):
        self.need_model()
        document = self.text_document(f"{QUESTION}\nWhat follows stays.")
        document.CurrentController.getViewCursor().gotoStart(False)
        self.run_command(document, "ask")
        expected = [QUESTION, expected_answer(QUESTION), "What follows stays."]
        self.assertTrue(wait_until(lambda: self.lines(document) == expected), self.lines(document))

    def test_the_selection_keeps_its_formatting_and_the_answer_does_not_take_it_on(self):
        self.need_model()
        document = self.text_document(f"{QUESTION}\nWhat follows stays.")
        self.select(document, 0)
        selection = document.CurrentController.getSelection().getByIndex(0)
        selection.CharWeight, selection.ParaStyleName = 150.0, "Heading 1"
        self.run_command(document, "ask")
        self.undo_ready(document, "Ask")
        paragraphs = document.Text.createEnumeration()
        first, second = paragraphs.nextElement(), paragraphs.nextElement()
        self.assertEqual((first.CharWeight, first.ParaStyleName, first.getString()), (150.0, "Heading 1", QUESTION))
        self.assertEqual((second.CharWeight, second.ParaStyleName, second.getString()),
                         (100.0, "Text body", expected_answer(QUESTION)))
        self.assertEqual(document.CurrentController.getSelection().getByIndex(0).getString(), QUESTION)

    def undo_ready(self, document, command):
        """Waits for the end of a command that writes."""
        manager = document.getUndoManager()

        def over():
            try:
                manager.clearRedo()   # refused while a step is open
            except Exception:
                return False
            return True
        self.assertTrue(wait_until(lambda: f"Hadal: {command}" in manager.getAllUndoActionTitles()))
        self.assertTrue(wait_until(over))

    def test_text_in_a_table_is_asked_and_answered_in_its_cell(self):
        self.need_model()
        document = self.text_document("before")
        table = document.createInstance("com.sun.star.text.TextTable")
        table.initialize(2, 2)
        document.Text.insertTextContent(document.Text.getEnd(), table, False)
        cell = table.getCellByName("B1")
        cell.setString(QUESTION)
        document.CurrentController.select(cell.createTextCursor())
        self.run_command(document, "ask")
        expected = f"{QUESTION}\n{expected_answer(QUESTION)}"
        self.assertTrue(wait_until(lambda: cell.getString().replace("\r\n", "\n") == expected), cell.getString())

    def test_stop_ends_the_answer_and_what_stands_there_stays_as_one_step(self):
        self.need_model()
        shared_office.usual_settings(max_tokens=2000)
        document = self.text_document("Count from one to a thousand in words.\nend")
        self.select(document, 0)
        self.run_command(document, "ask")
        self.assertTrue(wait_until(lambda: len(self.lines(document)) > 2))
        self.run_command(document, "stop")
        self.assertEqual(self.undo_all(document), 1)
        self.assertEqual(self.lines(document), ["Count from one to a thousand in words.", "end"])

    def test_the_office_stays_usable_while_the_model_writes(self):
        self.need_model()
        shared_office.usual_settings(max_tokens=2000)
        document, other = self.text_document("Tell a very long story.\nend"), self.text_document("other")
        self.select(document, 0)
        self.run_command(document, "ask")
        self.assertTrue(wait_until(lambda: len(self.lines(document)) > 2))
        other.Text.setString("typed meanwhile")
        document.Text.insertString(document.Text.getEnd(), " typed too", False)
        self.assertEqual(other.Text.getString(), "typed meanwhile")
        self.run_command(document, "ask")   # a second one is refused with a sentence
        self.assertTrue(self.has_bar(document))
        self.run_command(document, "stop")
        self.assertEqual(self.undo_all(document), 1)

    def test_closing_the_document_while_the_model_writes_harms_nothing(self):
        self.need_model()
        shared_office.usual_settings(max_tokens=2000)
        document = self.text_document("Tell a very long story.")
        self.run_command(document, "ask")
        self.assertTrue(wait_until(lambda: len(self.lines(document)) > 1))
        document.close(True)
        again = self.text_document(QUESTION)
        shared_office.usual_settings()
        self.run_command(again, "ask")
        self.assertTrue(wait_until(lambda: self.lines(again) == [QUESTION, expected_answer(QUESTION)]))

    def test_failures_are_a_bar_above_an_untouched_document(self):
        shared_office.usual_settings(model="/nowhere/model.gguf")
        document = self.text_document("What now?")
        self.run_command(document, "ask")
        self.assertTrue(wait_until(lambda: self.has_bar(document)))
        self.assertEqual((self.lines(document), document.getUndoManager().getAllUndoActionTitles()), (["What now?"], ()))
        shared_office.usual_settings()
        for text, command in (("", "summarise"), ("x", "nonsense"), ("word " * 20000, "ask")):
            if not shared_office.HAS_MODEL and command == "ask":
                continue
            document = self.text_document(text)
            self.run_command(document, command)
            self.assertTrue(wait_until(lambda: self.has_bar(document)), command)
            self.assertEqual(self.lines(document), [text])

    def test_an_answer_that_is_no_edit_list_stands_below_and_changes_nothing(self):
        self.need_model()
        document = self.text_document("The buyer pays.\nThe seller sells.\nend")
        self.select(document, 0, 1)
        shared_office.OFFICE.prompts("[Check contract]\nwhere = edits\nWhat is the capital of France? {text}\n")
        try:
            self.run_command(document, "check")
            self.undo_ready(document, "Check contract")
        finally:
            shared_office.OFFICE.prompts(None)
        self.assertEqual(self.lines(document)[:2] + self.lines(document)[-1:], ["The buyer pays.", "The seller sells.", "end"])
        self.assertTrue(self.has_bar(document))
        self.assertEqual(self.undo_all(document), 1)

    def test_rewrite_changes_the_words_that_differ_as_tracked_changes(self):
        self.need_model()
        document = self.text_document("they is many mistake in here\nend")
        self.select(document, 0)
        self.run_command(document, "rewrite")
        self.undo_ready(document, "Rewrite")
        self.assertFalse(document.RecordChanges)
        self.assertEqual(self.undo_all(document), 1)
        self.assertEqual(self.lines(document), ["they is many mistake in here", "end"])


class Thoughts(OfficeTest):
    def test_a_thought_becomes_a_comment_at_the_answer(self):
        from hadal_office.writer_commands import Answering
        document = self.text_document("question\nanswer")
        answering = Answering.__new__(Answering)
        answering._document, answering._comment_at = document, document.Text.createTextCursorByRange(document.Text.getEnd())
        answering._add_comment("first \u201cthis\u201d,\nthen that")
        fields = document.getTextFields().createEnumeration()
        comment = fields.nextElement()
        self.assertEqual((comment.Author, comment.Content), ("Hadal", "first \u201cthis\u201d,\nthen that"))
        self.assertEqual(self.lines(document), ["question", "answer"])


class TrackedChanges(OfficeTest):
    """Applied from here, through the same code."""
    TEXT = 'The \u4e70\u65b9 "buyer" \U0001f600 pays & signs.\nThe seller pays, the buyer pays.\nEnd'

    def changed(self, edits):
        from hadal_office import edit_list
        document = self.text_document(self.TEXT)
        paragraphs, ranges = document.Text.createEnumeration(), []
        while paragraphs.hasMoreElements():
            ranges.append(paragraphs.nextElement())
        ranges[0].CharWeight = 150.0
        document.getUndoManager().clear()
        changes, missed = edit_list.locate(edits, self.TEXT.split("\n"))
        applied = edit_list.apply(document, ranges, changes)
        return document, applied, missed

    def settle(self, document, how):
        shared_office.OFFICE.dispatch(document, f".uno:{how}AllTrackedChanges")
        return "\n".join(self.lines(document))

    def test_edits_are_applied_where_they_say_and_can_be_accepted_or_rejected(self):
        from hadal_office.edit_list import Edit
        edits = [Edit(1, '"buyer"', '\u201cpurchaser\u201d'), Edit(1, "signs", "seals \U0001f58b"), Edit(2, "the buyer pays", "the buyer shall pay"),
                 Edit(3, "nowhere", "x"), Edit(7, "End", "Finis")]
        document, applied, missed = self.changed(edits)
        self.assertEqual((applied, missed), (4, 1))
        self.assertEqual(self.settle(document, "Reject"), self.TEXT)
        document, _, _ = self.changed(edits)
        self.assertEqual(self.settle(document, "Accept"), 'The \u4e70\u65b9 \u201cpurchaser\u201d \U0001f600 pays & seals \U0001f58b.\n'
                         "The seller pays, the buyer shall pay.\nFinis")
        first = document.Text.createEnumeration().nextElement()
        self.assertEqual(first.CharWeight, 150.0)

    def test_models_edit_lists_are_read_whatever_stands_around_them(self):
        from hadal_office import edit_list
        answer = ('Sure:\n```json\n[{"place": "[2]", "old": "a \\"b\\" \\\\", "new": "\\u4e2d"}, {"old": "same", "new": "same"},'
                  '\n{"old": "x", "new": ""}, {"old": 5}, {broken]')
        self.assertEqual(edit_list.parse(answer), [(2, 'a "b" \\', "\u4e2d"), (0, "x", "")])
        for hostile in ("", "{", '{"old', "{" * 100000, "[" * 100000 + "{", '{"edits": 5}', '{"edits": [5]}', '{"old": "a", "new": null}'):
            self.assertEqual(edit_list.parse(hostile), [])
