"""Texts that recipes and tests make alike: tests/unit/embed_texts.hpp draws the same ones from the same numbers."""
import pathlib

LANGUAGES = pathlib.Path(__file__).resolve().parent.parent / "embed" / "languages.txt"
MASK = (1 << 64) - 1
# What appears between and within words: ranges of code points that tokenizers treat in ways of their own.
RANGES = [(0x21, 0x7E), (0x00, 0x1F), (0x7F, 0xFF), (0x100, 0x24F), (0x250, 0x2AF), (0x300, 0x36F), (0x370, 0x3FF),
          (0x400, 0x52F), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF),
          (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2070, 0x218F), (0x2190, 0x2BFF), (0x3000, 0x30FF), (0x3400, 0x34FF),
          (0x4E00, 0x9FFF), (0xA640, 0xA7FF), (0xAC00, 0xD7A3), (0xE000, 0xE010), (0xF900, 0xFAFF), (0xFB00, 0xFDFF),
          (0xFE00, 0xFE6F), (0xFF00, 0xFFEF), (0x10400, 0x1044F), (0x1D400, 0x1D4FF), (0x1F300, 0x1F6FF),
          (0x20000, 0x20040), (0x2B810, 0x2B930), (0xE0100, 0xE0110)]


class Draw:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return (z ^ z >> 31) % n


def sentences():
    rows = [line.split("\t") for line in LANGUAGES.read_text(encoding="utf-8").splitlines()]
    return [(row[0], row[1]) for row in rows]


def mixed_texts(count):
    """Words of all languages, changed in case, joined by odd spaces, with odd characters among them."""
    words = [word for _, sentence in sentences() for word in sentence.split(" ")]
    spaces = [" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "", "\u200b"]
    out = []
    for number in range(count):
        draw, text = Draw(number), ""
        for _ in range(1 + draw.below(12)):
            kind = draw.below(8)
            if kind < 6:
                text += words[draw.below(len(words))]
            else:
                for _ in range(1 + draw.below(6)):
                    first, last = RANGES[draw.below(len(RANGES))]
                    text += chr(first + draw.below(last - first + 1))
            text += spaces[draw.below(len(spaces))]
        if number % 500 == 7:
            text += "x" * (95 + draw.below(10))
        out.append(text)
    return out


def language_texts():
    """Twenty texts in each of ten languages, of one sentence to a paragraph: 200."""
    wanted = ["en", "de", "fr", "es", "ru", "zh", "ja", "ko", "ar", "hi"]
    out = []
    for language in wanted:
        own = [sentence for name, sentence in sentences() if name == language]
        for number in range(20):
            draw = Draw(1000 + number)
            out.append(" ".join(own[draw.below(len(own))] for _ in range(1 + number % 4)))
    return out
