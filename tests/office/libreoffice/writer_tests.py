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
