"""Edits as (place, old, new): read from a model's answer or from comparing two texts, applied as tracked changes.

`place` is the number of a paragraph of the selection, from 1; 0 = wherever `old` stands first. An edit whose old words are
not there is left out and counted: nothing is changed on a guess.
"""
import collections
import difflib
import json
import re

Edit = collections.namedtuple("Edit", "place old new")
MOST_ADJUSTED = 200
OBJECTS = re.compile(r'\{\s*"')
WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def numbered(paragraphs):
    return "\n".join(f"[{i + 1}] {text}" for i, text in enumerate(paragraphs))


def parse(answer):
    """The edits in a model's answer: a JSON list, or objects one after another, with whatever text around them."""
    edits, decoder, end = [], json.JSONDecoder(), 0
    for start in OBJECTS.finditer(answer):
        if start.start() < end:   # inside one that was read
            continue
        try:
            found, end = decoder.raw_decode(answer, start.start())
        except (ValueError, RecursionError):
            continue
        inner = found.get("edits") if isinstance(found, dict) else None
        for item in inner if isinstance(inner, list) else [found]:
            if isinstance(item, dict) and isinstance(item.get("old"), str) and isinstance(item.get("new"), str):
                place = re.sub(r"\D", "", str(item.get("place", "")))[:6]
                if item["old"] and item["old"] != item["new"]:
                    edits.append(Edit(int(place or 0), item["old"], item["new"]))
    return edits


class Change:
    """Characters [start, end) of paragraph number `paragraph` become `new`."""

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
            changes.append(Change(i, start, start + len(edit.old), edit.new))
        missed += not places
    return changes, missed


def compare(old_paragraphs, new_paragraphs):
    """The changes that turn one list of paragraphs into another of the same length, word by word."""
    changes = []
    for i, (old, new) in enumerate(zip(old_paragraphs, new_paragraphs)):
        a, b = WORDS.findall(old), WORDS.findall(new)
        for kind, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if kind != "equal":
                start = len("".join(a[:a0]))
                changes.append(Change(i, start, start + len("".join(a[a0:a1])), "".join(b[b0:b1])))
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
    text, whole = text_range.getText(), text_range.getString()
    cursor = _behind(text_range.getStart(), whole[:change.start])
    if cursor is None:
        return False
    if change.start == change.end:
        text.insertString(cursor, change.new, False)
        return True
    cursor = _behind(cursor, whole[change.start:change.end], keep=True)
    if cursor is None:
        return False
    cursor.setString(change.new)
    return True


def _behind(start, words, keep=False):
    """A cursor behind these words, which stand at `start`; over them with `keep`. None if they do not: footnotes, fields
    and hidden text take room in a cursor and none in a text."""
    cursor = start.getText().createTextCursorByRange(start)
    cursor.collapseToEnd()
    for step in _steps(len(words)):
        cursor.goRight(step, True)
    # A cursor goes over some characters in one step and over others in several.
    for _ in range(MOST_ADJUSTED):
        found = cursor.getString()
        if found == words:
            if not keep:
                cursor.collapseToEnd()
            return cursor
        (cursor.goLeft if len(found) > len(words) else cursor.goRight)(1, True)
    return None


def _steps(count):
    """goRight takes a 16-bit number."""
    return [30000] * (count // 30000) + ([count % 30000] if count % 30000 else [])
