#!/usr/bin/env python3
"""Records tests/golden/embed/unigram.json: a small unigram tokenizer of XLM-RoBERTa's kind, texts and their ids.

    pip install sentencepiece==0.2.3 protobuf tokenizers==0.23.3
    python unigram.py [OUTPUT]

The vocabulary is trained on the sample sentences. The character map is compiled by sentencepiece from rules that are
some of nmt_nfkc's: the whole one would be a quarter of a megabyte. Ids are those of the tokenizers library.
"""
import io
import json
import pathlib
import sys
import tempfile
import unicodedata

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import Unigram

import sample_texts


def rules():
    out = {}
    for cp in [*range(0x2000, 0x200B), 0xA0, 0x3000, 0x9, 0xA, 0xD, 0xB, 0xC]:
        out[chr(cp)] = " "
    for cp in [*range(0x1, 0x9), *range(0xE, 0x20), 0x7F, 0x200B, 0x200D, 0xFEFF, 0xAD]:
        out[chr(cp)] = ""
    for cp in [*range(0xFF01, 0xFFEF), *range(0xFB00, 0xFB07), *range(0x2070, 0x2090), *range(0x2100, 0x2140), 0x132, 0xBC, 0xBD]:
        made = unicodedata.normalize("NFKC", chr(cp))
        if made != chr(cp):
            out[chr(cp)] = made
    for cp in [*range(0xC0, 0x180), *range(0x1E00, 0x1F00)]:
        parts = unicodedata.normalize("NFD", chr(cp))
        if 1 < len(parts) <= 3:
            out[parts] = chr(cp)
    return out


def main():
    with tempfile.TemporaryDirectory() as folder:
        tsv = pathlib.Path(folder) / "rules.tsv"
        code = lambda text: " ".join(f"{ord(c):X}" for c in text)
        tsv.write_text("".join(f"{code(a)}\t{code(b)}\n" for a, b in sorted(rules().items())), encoding="ascii")
        model = io.BytesIO()
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter([s for _, s in sample_texts.sentences()]), model_writer=model, vocab_size=700,
            character_coverage=0.98, model_type="unigram", normalization_rule_tsv=str(tsv), hard_vocab_limit=False,
            num_threads=1, minloglevel=2)
    proto = pb.ModelProto.FromString(model.getvalue())
    pieces = [(p.piece, p.score) for p in proto.pieces if p.type == pb.ModelProto.SentencePiece.NORMAL]
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces
    made = Tokenizer(Unigram([(p, float(s)) for p, s in vocab], 3, False))
    made.normalizer = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")])
    texts = ["", " ", "  a  b ", "a\u2581b", "\u2581\u2581x", "e\u0301tude", "o\u0302\u0301", "a\r\nb", "ﬁne", "x\u200dy",
             "１２３ｶﾞ", "\u00bd", "Ⅷ", "\U0001f600\U0001f600 \U0001f600", "\u0301", "か\u3099"]
    texts += [s for _, s in sample_texts.sentences()][::2] + sample_texts.mixed_texts(150)
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else sample_texts.LANGUAGES.parent / "unigram.json"
    rows = ",\n".join(json.dumps([t, made.encode(t).ids], ensure_ascii=True, separators=(",", ":")) for t in texts)
    out.write_text('{"tokenizer":' + json.dumps(json.loads(made.to_str()), ensure_ascii=True, separators=(",", ":")) +
                   ',\n"cases":[\n' + rows + "\n]}\n", encoding="ascii")


if __name__ == "__main__":
    main()
