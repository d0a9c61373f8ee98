"""=HADAL and =HADAL.ASYNC in Calc."""
import shared_office
from office_host import wait_until
from shared_office import OfficeTest, expected_answer

QUESTION = "What is the capital of Italy?"


class Cells(OfficeTest):
    def setUp(self):
        super().setUp()
        self.document = shared_office.OFFICE.open("private:factory/scalc")
        self.sheet = self.document.Sheets.getByIndex(0)

    def cell(self, column, row, formula):
        made = self.sheet.getCellByPosition(column, row)
        made.setFormula(formula)
        return made

    def test_hadal_answers_in_its_cell(self):
        self.need_model()
        self.cell(0, 0, QUESTION)
        self.assertEqual(self.cell(1, 0, "=HADAL(A1)").getString(), expected_answer(QUESTION, max_tokens=16).strip())

    def test_hadal_async_shows_the_answer_when_it_has_come(self):
        self.need_model()
        self.cell(0, 0, QUESTION + " Answer in one word.")
        cell = self.cell(1, 0, "=HADAL.ASYNC(A1)")
        expected = expected_answer(QUESTION + " Answer in one word.", max_tokens=16).strip()
        self.assertTrue(wait_until(lambda: cell.getString() == expected), f"{cell.getString()!r} is not {expected!r}")
