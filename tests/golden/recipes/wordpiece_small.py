#!/usr/bin/env python3
"""Records tests/golden/embed/wordpiece_small.json: a small vocabulary, texts, and the ids the tokenizers library gives.

    pip install tokenizers==0.23.3
    python wordpiece_small.py [OUTPUT]

"uncased" and "cased" are BERT's normaliser with and without lower case; neither parses special tokens but "special".
"""
import json
import pathlib
import sys

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

import sample_texts

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
EXTRA = ["the", "The", "ten", "##ant", "##ing", "un", "##aff", "##able", "water", "agree", "##ment", "inv", "##oice",
         "100", "4711", "合", "同", "水", "猫", "ᄆ", "##ᅮ", "##ᆯ", "кошка", "договор", "straße", "##straße", "noel", "noël",
         "œuvre", "ça", "ca", "è", "i̇", "ı", "İ"]
ODD = ["", " ", "[CLS] a [SEP]", "[mask]", "x" * 100, "x" * 101, "é" * 100, "éa" * 51, "a\u200db", "a\u00adb", "a\ufffdb",
       "a\u0000b", "ﬁ ﬀ", "İSTANBUL", "ΌΣΟΣ", "ẞ", "A\u030A", "\u1100\u1161\u11a8", "각", "\U0002b820\U0002b91f\U0002b920",
       "don't", "a_b", "“quoted”", "«»", "日本語テスト", "ｆｕｌｌ　ｗｉｄｔｈ", "\U0001f600\ufe0f", "e\u0327\u0301", "\u0301a", "１２３"]


def tokenizer(vocab, lowercase):
    made = Tokenizer(WordPiece({piece: i for i, piece in enumerate(vocab)}, unk_token="[UNK]"))
    made.normalizer = BertNormalizer(lowercase=lowercase)
    made.pre_tokenizer = BertPreTokenizer()
    return made


def main():
    letters = sorted({c for c in map(chr, range(0x21, 0x7F))} | set("абвгдеёжзийклмнопрстуфхцчшщъыьэюяαβγδεζηθικλμνξοπρστυφχψως"))
    vocab = SPECIALS + EXTRA + letters + ["##" + c for c in letters if c.isalnum()]
    uncased, cased, special = tokenizer(vocab, True), tokenizer(vocab, False), tokenizer(vocab, True)
    special.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIALS])
    texts = ODD + [s for _, s in sample_texts.sentences()][::3] + sample_texts.mixed_texts(120)
    cases = [dict(text=t, uncased=uncased.encode(t).ids, cased=cased.encode(t).ids, special=special.encode(t).ids)
             for t in texts]
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else sample_texts.LANGUAGES.parent / "wordpiece_small.json"
    rows = ",\n".join(json.dumps(c, ensure_ascii=True, separators=(",", ":")) for c in cases)
    head = json.dumps(vocab, ensure_ascii=True, separators=(",", ":"))
    out.write_text('{"vocab":' + head + ',\n"cases":[\n' + rows + "\n]}\n", encoding="ascii")


if __name__ == "__main__":
    main()
