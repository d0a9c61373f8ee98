"""Edits as (place, old, new): read from a model's answer or from comparing two texts, applied as tracked changes.

`place` is the number of a paragraph of the selection, from 1; 0 = wherever `old` stands first. An edit whose old words are
not there is left out and counted: nothing is changed on a guess.
"""
import collections
import difflib
import json
import re

Edit = collections.namedtuple("Edit", "place old new")
WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def numbered(paragraphs):
    return "\n".join(f"[{i + 1}] {text}" for i, text in enumerate(paragraphs))


def parse(answer):
    """The edits in a model's answer: a JSON list, or objects one after another, with whatever text around them."""
    edits, decoder, at = [], json.JSONDecoder(), answer.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(answer, at)
        except (ValueError, RecursionError):
            found, end = None, at + 1
        for item in found.get("edits", [found]) if isinstance(found, dict) else []:
            if isinstance(item, dict) and isinstance(item.get("old"), str) and isinstance(item.get("new"), str):
                place = re.sub(r"\D", "", str(item.get("place", "")))[:6]
                if item["old"] and item["old"] != item["new"]:
                    edits.append(Edit(int(place or 0), item["old"], item["new"]))
        at = answer.find("{", end)
    return edits


class Change:
    """UTF-16 units [start, end) of paragraph number `paragraph` become `new`."""

    def __init__(self, paragraph, start, end, new):
        self.paragraph, self.start, self.end, self.new = paragraph, start, end, new


def locate(edits, paragraphs):
    """(changes that fit, number of edits that do not). Changes do not overlap."""
    changes, taken, missed = [], collections.defaultdict(list), 0
    for edit in edits:
        places = [edit.place - 1] if 1 <= edit.place <= len(paragraphs) else []
        # A model often miscounts: the words themselves decide, as long as they stand in one paragraph only.
        others = [i for i, text in enumerate(paragraphs) if edit.old in text]
        if not (places and edit.old in paragraphs[places[0]]):
            places = others if len(others) == 1 or edit.place == 0 else []
        for i in places[:1]:
            start = paragraphs[i].find(edit.old)
            while start >= 0 and any(start < b and a < start + len(edit.old) for a, b in taken[i]):
                start = paragraphs[i].find(edit.old, start + 1)
            if start < 0:
                places = []
                break
            taken[i].append((start, start + len(edit.old)))
            before = _units(paragraphs[i][:start])
            changes.append(Change(i, before, before + _units(edit.old), edit.new))
        missed += not places
    return changes, missed


def compare(old_paragraphs, new_paragraphs):
    """The changes that turn one list of paragraphs into another of the same length, word by word."""
    changes = []
    for i, (old, new) in enumerate(zip(old_paragraphs, new_paragraphs)):
        a, b = WORDS.findall(old), WORDS.findall(new)
        for kind, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if kind != "equal":
                start = _units("".join(a[:a0]))
                changes.append(Change(i, start, start + _units("".join(a[a0:a1])), "".join(b[b0:b1])))
    return changes


def apply(document, ranges, changes):
    """Applies changes to text ranges, one range for each paragraph; returns how many could be applied."""
    before = document.RecordChanges
    document.RecordChanges = True
    applied = 0
    try:
        # From the back: what is changed first does not move what is changed next.
        for change in sorted(changes, key=lambda c: (c.paragraph, c.start), reverse=True):
            applied += _apply_one(ranges[change.paragraph], change)
    finally:
        document.RecordChanges = before
    return applied


def _apply_one(text_range, change):
    text = text_range.getText()
    whole = text_range.getString()
    cursor = text.createTextCursorByRange(text_range.getStart())
    _go_right(cursor, change.start, False)
    _go_right(cursor, change.end - change.start, True)
    # Footnotes, fields and hidden text count differently in a cursor: then the words are not where they seem.
    if cursor.getString() != _cut(whole, change.start, change.end):
        return False
    if change.start == change.end:
        text.insertString(cursor, change.new, False)
    else:
        cursor.setString(change.new)
    return True


def _go_right(cursor, count, expand):
    while count > 0:
        step = min(count, 30000)
        cursor.goRight(step, expand)
        count -= step


def _units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text, start, end):
    return text.encode("utf-16-le", "surrogatepass")[2 * start:2 * end].decode("utf-16-le", "surrogatepass")
