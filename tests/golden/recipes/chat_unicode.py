"""Writes lib/chat/unicode_data.inc: the character tables behind Python's str methods, read from the running Python.

    python chat_unicode.py > lib/chat/unicode_data.inc
"""
import unicodedata

LIMIT = 0x110000


def ranges(holds):
    """(first, last, stride) triples covering the code points where holds is true; stride 1 or 2."""
    points = [c for c in range(LIMIT) if holds(chr(c))]
    return strided([(c, 0) for c in points], drop_delta=True)


def strided(pairs, drop_delta=False):
    out, i = [], 0
    while i < len(pairs):
        best, stride = i, 1
        for step in (1, 2):
            k = i
            while k + 1 < len(pairs) and pairs[k + 1] == (pairs[k][0] + step, pairs[i][1]):
                k += 1
            if k > best:
                best, stride = k, step
        entry = (pairs[i][0], pairs[best][0], stride)
        out.append(entry if drop_delta else entry + (pairs[i][1],))
        i = best + 1
    return out


def write(declaration, rows):
    print(f"constexpr {declaration}[] = {{")
    line = "   "
    for row in rows:
        text = " {" + ", ".join(hex(v) if v > 9 else str(v) for v in row) + "},"
        if len(line) + len(text) > 118:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")


print("// Made by tests/golden/recipes/chat_unicode.py from Unicode", unicodedata.unidata_version + ".")
write("CharacterRange kAlphabetic", ranges(str.isalpha))
write("CharacterRange kDecimal", ranges(str.isdecimal))
write("CharacterRange kNumeric", ranges(lambda c: c.isnumeric() and not c.isdecimal()))
write("CharacterRange kUnprintable", ranges(lambda c: not c.isprintable()))
write("CharacterRange kUpperCase", ranges(str.isupper))
write("CharacterRange kLowerCase", ranges(str.islower))
write("CharacterRange kTitleCase", ranges(lambda c: unicodedata.category(c) == "Lt"))
for name, mapped in (("Upper", str.upper), ("Lower", str.lower), ("Title", str.title)):
    changed = {c: mapped(chr(c)) for c in range(LIMIT) if mapped(chr(c)) != chr(c)}
    single = [(c, ord(text) - c) for c, text in changed.items() if len(text) == 1]
    several = [(c, *map(ord, text), *([0] * (3 - len(text)))) for c, text in changed.items() if len(text) > 1]
    write(f"CaseRange kTo{name}", strided(single))
    write(f"CaseExpansion kTo{name}Several", several)
