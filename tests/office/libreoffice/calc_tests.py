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

    def test_many_cells_are_answered_once_each_and_come_back_from_a_saved_file(self):
        self.need_model()
        rows = 6
        for row in range(rows):
            self.cell(0, row, f"What is {row} plus 1?")
            self.cell(1, row, f'=HADAL.ASYNC(A{row + 1}; ; "max_tokens=6")')
        cells = [self.sheet.getCellByPosition(1, row) for row in range(rows)]
        self.assertTrue(wait_until(lambda: all(cell.getString() not in ("", "\u2026") for cell in cells)),
                        [cell.getString() for cell in cells])
        for row in range(rows):
            self.assertEqual(cells[row].getString(), expected_answer(f"What is {row} plus 1?", max_tokens=6).strip())
        before = [cell.getString() for cell in cells]
        shared_office.OFFICE.save(self.document, "cells.ods", "calc8")
        again = shared_office.OFFICE.open(shared_office.OFFICE.url("cells.ods"))
        self.assertEqual([again.Sheets.getByIndex(0).getCellByPosition(1, row).getString() for row in range(rows)], before)

    def test_a_range_follows_the_prompt_as_a_table_and_options_count(self):
        self.need_model()
        for row, (name, number) in enumerate((("apples", 3), ("pears", 4.5))):
            self.cell(0, row, name)
            self.sheet.getCellByPosition(1, row).setValue(number)
        cell = self.cell(3, 0, '=HADAL("Which fruit?"; A1:B2; "max_tokens=4")')
        self.assertEqual(cell.getString(), expected_answer("Which fruit?\n\napples\t3\npears\t4.5", max_tokens=4).strip())

    def test_recalculating_costs_nothing(self):
        self.need_model()
        import time
        self.cell(0, 0, "Tell me a long story.")
        cell = self.cell(1, 0, '=HADAL(A1; ; "max_tokens=64")')
        first = cell.getString()
        start = time.monotonic()
        for _ in range(5):
            self.document.calculateAll()
        self.assertLess(time.monotonic() - start, 1.0)
        self.assertEqual(cell.getString(), first)

    def test_a_missing_model_and_a_wrong_option_are_sentences_in_the_cell(self):
        self.need_model()
        self.assertRegex(self.cell(0, 0, '=HADAL("Hi"; ; "temprature=1")').getString(), r"^Hadal: .*temprature.*temperature")
        shared_office.usual_settings(model="/nowhere/model.gguf")
        self.assertRegex(self.cell(0, 1, '=HADAL("Hello")').getString(), r"^Hadal: .*/nowhere/model.gguf.*Tools > Options")

    def test_closing_the_sheet_while_its_cells_wait_harms_nothing(self):
        self.need_model()
        for row in range(8):
            self.cell(0, row, f'=HADAL.ASYNC("Tell a long story about {row}"; ; "max_tokens=200")')
        self.document.close(True)
        self.assertTrue(shared_office.OFFICE.alive())
