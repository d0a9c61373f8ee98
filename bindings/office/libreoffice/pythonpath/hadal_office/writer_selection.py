"""What is selected in a Writer document: its text as the model gets it, its paragraphs, and where an answer goes."""
from com.sun.star.text.ControlCharacter import PARAGRAPH_BREAK

TABLE_CURSOR = "com.sun.star.text.TextTableCursor"


class Selection:
    """`text` is what the model reads; `paragraphs` are text ranges inside the selection, one for each paragraph."""

    def __init__(self, document, controller):
        self._document, self._controller = document, controller
        self._view = controller.getViewCursor()
        selected = controller.getSelection()
        if selected is not None and selected.supportsService(TABLE_CURSOR):
            self.table, self.paragraphs = self._view.TextTable, []
            self.text = _table_text(self.table, selected.getRangeName())
            return
        self.table = None
        ranges = [selected.getByIndex(i) for i in range(selected.getCount())] if _holds_ranges(selected) else []
        ranges = [each for each in ranges if each.getString()] or [self._whole_paragraph()]
        self.paragraphs = [part for each in ranges for part in _paragraph_parts(each)]
        self.text = "\n".join(each.getString() for each in ranges)
        self._end = ranges[-1].getEnd()

    def _whole_paragraph(self):
        cursor = self._view.getText().createTextCursorByRange(self._view.getStart())
        cursor.gotoStartOfParagraph(False)
        cursor.gotoEndOfParagraph(True)
        return cursor

    def open_paragraph_after(self):
        """Makes an empty paragraph behind the selection and gives a cursor in it. The selection stays as it is."""
        if self.table is not None:
            text = self.table.getAnchor().getText()
            paragraph = self._document.createInstance("com.sun.star.text.Paragraph")
            text.insertTextContentAfter(paragraph, self.table)
            return text.createTextCursorByRange(paragraph.getStart())
        text = self._end.getText()
        cursor = text.createTextCursorByRange(self._end)
        cursor.gotoEndOfParagraph(False)
        selected = self._selected_up_to(cursor)
        style = cursor.ParaStyleName
        text.insertControlCharacter(cursor, PARAGRAPH_BREAK, False)
        # As after Enter: a heading is followed by body text, and direct formatting of the last words ends with them.
        styles = self._document.StyleFamilies.getByName("ParagraphStyles")
        if styles.hasByName(style):
            follow = styles.getByName(style).FollowStyle
            if follow and follow != style:
                cursor.ParaStyleName = follow
        for name in ("CharWeight", "CharPosture", "CharUnderline", "CharColor", "CharHeight", "CharFontName"):
            cursor.setPropertyToDefault(name)
        if selected is not None:
            end = text.createTextCursorByRange(cursor)
            end.goLeft(1, False)
            selected.gotoRange(end, True)
            self._controller.select(selected)
        return cursor

    def _selected_up_to(self, place):
        """A cursor at the start of the user's selection if that ends here: what is written here would become part of it."""
        text = place.getText()
        try:
            if text.compareRegionEnds(self._view, place) == 0:
                return text.createTextCursorByRange(self._view.getStart())
        except Exception:   # the user's cursor is in another text by now
            pass
        return None


def _holds_ranges(selected):
    return selected is not None and selected.supportsService("com.sun.star.text.TextRanges")


def _paragraph_parts(text_range):
    """The parts of a range that lie in one paragraph each; tables inside are left out."""
    parts = []
    paragraphs = text_range.createEnumeration() if hasattr(text_range, "createEnumeration") else None
    while paragraphs is not None and paragraphs.hasMoreElements():
        paragraph = paragraphs.nextElement()
        if not paragraph.supportsService("com.sun.star.text.Paragraph"):
            continue
        text = paragraph.getText()
        part = text.createTextCursorByRange(paragraph)
        # The first and last paragraph may be selected in part only.
        if text.compareRegionStarts(part, text_range) > 0:
            end = part.getEnd()
            part = text.createTextCursorByRange(text_range.getStart())
            part.gotoRange(end, True)
        if text.compareRegionEnds(part, text_range) < 0:
            start = part.getStart()
            part = text.createTextCursorByRange(start)
            part.gotoRange(text_range.getEnd(), True)
        parts.append(part)
    return parts or [text_range]


def _table_text(table, range_name):
    rows = table.getCellRangeByName(range_name).getDataArray()
    return "\n".join("\t".join(str(cell) for cell in row) for row in rows)


def insert_text(cursor, piece):
    """Writes at the cursor, every line break a new paragraph; the cursor ends behind it."""
    text = cursor.getText()
    for i, line in enumerate(piece.split("\n")):
        if i:
            text.insertControlCharacter(cursor, PARAGRAPH_BREAK, False)
        if line:
            text.insertString(cursor, line, False)
