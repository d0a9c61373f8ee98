#!/usr/bin/env python3
"""Trains a small vocabulary for every pre-tokeniser and records what the original libraries make of generated texts.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3
    tokenizer_small.py [KIND...]

Writes ../tokenizer/small/KIND.json, a tokenizer.json, and KIND.cases.json:
    {"encode": [[text, ids with special tokens, ids without or null if equal, decoded text or null if equal]...],
     "decode": [[ids, text]...]}
and for the kind sentencepiece the vocabulary as GGUF lists it.
"""
import collections
import io
import json
import os
import random
import re
import sys

import sentencepiece
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

from tokenizer_compare import WORDS as WORDS_OF_TEXTS
from tokenizer_compare import texts_for

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "tokenizer", "small")
CASES = 150
BAR = "\u2581"
CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
V3 = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^""" + "\r\n" + r"""\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[""" + "\r\n" + r"]*|\s*[" + "\r\n" + r"]+|\s+(?!\S)|\s+"
BEGIN, END = "<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>"


def llm_letters():
    """The letter class, from the table the code uses (its SHA-256 was checked against the published expression)."""
    source = open(os.path.join(HERE, "..", "..", "..", "lib", "tokenizer", "letter_ranges.hpp")).read()
    ranges = [(int(a, 16), int(b, 16)) for a, b in re.findall(r"\{0x(\w+), 0x(\w+)\}", source)]
    return "[" + "".join(chr(a) if a == b else chr(a) + "-" + chr(b) for a, b in ranges) + "]"


def isolated(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def chain(*stages):
    return pre_tokenizers.Sequence([*stages, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def digits():
    return pre_tokenizers.Digits(individual_digits=True)


PRE = {
    "gpt2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": lambda: pre_tokenizers.Sequence([digits(), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "qwen2": lambda: chain(isolated("(?i:'s|'t|'re|'ve|'m|'ll|'d)|" + WORDS + r"\p{N}" + REST)),
    "llama-bpe": lambda: chain(isolated("(?i:'s|'t|'re|'ve|'m|'ll|'d)|" + WORDS + r"\p{N}{1,3}" + REST)),
    "deepseek-llm": lambda: chain(isolated("[\r\n]"), isolated(r"\s?" + llm_letters() + "+"),
                                  isolated("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"),
                                  isolated(r"\s+$"), isolated(CJK), digits()),
    "deepseek-coder": lambda: chain(isolated("[\r\n]"), isolated(r"\s?\p{L}+"), isolated(r"\s?\p{P}+"), isolated(CJK), digits()),
    "deepseek-v3": lambda: chain(isolated(r"\p{N}{1,3}"), isolated("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), isolated(V3)),
}


def token(text, special, **flags):
    return AddedToken(text, special=special, **{"normalized": False, **flags})


def corpus(tokenizer):
    return texts_for(tokenizer, 2000, 77)


def byte_level(kind):
    out = Tokenizer(models.BPE(ignore_merges=kind == "llama-bpe"))
    out.pre_tokenizer = PRE[kind]()
    out.decoder = decoders.ByteLevel()
    if kind == "qwen2":
        out.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    out.train_from_iterator(corpus(out), trainer)
    model = json.loads(out.to_str())["model"]
    if kind == "smollm":  # the bytes that the real vocabulary lacks
        lost = [chr(0x100 + b) if b < 0x20 else chr(b) for b in (0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xF1, 0xF2)]
        kept = [t for t in model["vocab"] if not any(c in t for c in lost)]
        merges = [tuple(m) for m in model["merges"] if not any(c in m[0] + m[1] for c in lost)]
        out.model = models.BPE({t: i for i, t in enumerate(kept)}, merges)
    if kind == "llama-bpe":  # words that no merge makes: ignore_merges finds them
        vocab = dict(model["vocab"])
        words = [out.pre_tokenizer.pre_tokenize_str(" " + w)[0][0] for w in WORDS_OF_TEXTS]
        for word in [w for w in words if w not in vocab][:12]:
            vocab[word] = len(vocab)
        out.model = models.BPE(vocab, [tuple(m) for m in model["merges"]], ignore_merges=True)
    return out


def add_tokens(kind, out):
    if kind == "gpt2":
        out.add_special_tokens([token("<|endoftext|>", True), token("<mask>", True, lstrip=True), token("<pad>", True, rstrip=True)])
        out.add_tokens([token("word", False, single_word=True), token("both", False, lstrip=True, rstrip=True),
                        token("<|end", False), token("<|endoftext|><|", False), token("of", False, normalized=True, single_word=True)])
    elif kind == "smollm":
        out.add_special_tokens([token(t, True) for t in ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>")])
    elif kind == "qwen2":
        out.add_special_tokens([token("<|im_start|>", True), token("<|im_end|>", True)])
        out.add_tokens([token("<think>", False), token("</think>", False), token("\u1ea1x", False, normalized=True)])
    elif kind == "llama-bpe":
        out.add_special_tokens([token("<|begin_of_text|>", True), token("<|eot_id|>", True)])
        begin = out.token_to_id("<|begin_of_text|>")
        out.post_processor = processors.TemplateProcessing("<|begin_of_text|> $A", None, [("<|begin_of_text|>", begin)])
    else:
        out.add_special_tokens([token(BEGIN, True), token(END, True)])
        out.add_tokens([token("<\uff5cUser\uff5c>", False, normalized=True), token("<think>", False)])
        if kind == "deepseek-llm":
            out.add_tokens([token(c, False) for c in "\u00f8\u00f6\u00fa\u00fc"])


def characters(kind):
    """Llama-2, Mistral and Gemma style: characters, spaces as bars, bytes as a last resort."""
    texts = ["".join(c for c in t if ord(c) < 0x3000 or 0x4E00 <= ord(c) < 0x4E80) for t in corpus(Tokenizer(models.BPE()))]
    counts = collections.Counter("".join(texts).replace(" ", ""))
    alphabet = [BAR, *sorted(counts, key=lambda c: (-counts[c], c))[:159]]  # the trainer breaks ties as it likes
    trainee = Tokenizer(models.BPE(unk_token="<unk>"))
    trainee.pre_tokenizer = pre_tokenizers.Metaspace()
    trainee.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=600, limit_alphabet=160, initial_alphabet=alphabet, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False))
    model = json.loads(trainee.to_str())["model"]
    vocab = ["<unk>", "<s>", "</s>"]
    fallback = kind != "gemma"
    if fallback:
        vocab += [f"<0x{b:02X}>" for b in range(256)]
    vocab += [t for t in model["vocab"] if t not in vocab]
    out = Tokenizer(models.BPE({t: i for i, t in enumerate(vocab)}, [tuple(m) for m in model["merges"]],
                               unk_token="<unk>", fuse_unk=True, byte_fallback=fallback))
    if kind == "llama2":
        out.normalizer = normalizers.Sequence([normalizers.Prepend(BAR), normalizers.Replace(" ", BAR)])
    elif kind == "mistral":
        out.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        out.normalizer = normalizers.Replace(" ", BAR)
        out.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    strip = [] if kind == "gemma" else [decoders.Strip(" ", 1, 0)]
    out.decoder = decoders.Sequence([decoders.Replace(BAR, " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    out.add_special_tokens([token(t, True) for t in ("<unk>", "<s>", "</s>")])
    return out


def record(kind, out):
    texts = texts_for(out, CASES, 5)
    texts += ["", " ", "\n", "a", "'s", "Hello world", "a" * 300, " " * 200, "\u00e9" * 70]
    special = [e.ids for e in out.encode_batch(texts, add_special_tokens=False)]
    out.encode_special_tokens = True
    plain = [e.ids for e in out.encode_batch(texts, add_special_tokens=False)]
    out.encode_special_tokens = False
    encode = []
    for text, a, b in zip(texts, special, plain):
        decoded = out.decode(a, skip_special_tokens=False)
        encode.append([text, a, b if b != a else None, decoded if decoded != text else None])
    decode = []
    letters = {out.token_to_id(c) for c in "\u00f8\u00f6\u00fa\u00fc"} if kind == "deepseek-llm" else set()
    r = random.Random(3)
    if kind in PRE:
        ids = [i for i in range(out.get_vocab_size()) if i not in letters]
        for _ in range(40):
            some = [r.choice(ids) for _ in range(r.randrange(1, 12))]
            decode.append([some, out.decode(some, skip_special_tokens=False)])
    return {"encode": encode, "decode": decode}


def write(name, value, **how):
    with open(os.path.join(OUT, name), "w", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=True, separators=(",", ":"), **how).replace("],[", "],\n["))
        file.write("\n")


def train_sentencepiece():
    texts = ["".join(c for c in t if c not in "\r\n\0" and ord(c) < 0x180) for t in corpus(Tokenizer(models.BPE()))]
    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=file, model_type="bpe", vocab_size=1200, byte_fallback=True,
        character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False,
        user_defined_symbols=["<tool>"], allow_whitespace_only_pieces=True, minloglevel=2)
    out = sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
    kinds = []
    for i in range(out.get_piece_size()):
        kinds.append(2 if out.is_unknown(i) else 3 if out.is_control(i) else 6 if out.is_byte(i) else 4 if out.id_to_piece(i) == "<tool>" else 1)
    vocabulary = {"tokens": [out.id_to_piece(i) for i in range(out.get_piece_size())],
                  "scores": [out.get_score(i) for i in range(out.get_piece_size())], "types": kinds}
    plain = Tokenizer(models.BPE())
    # A user defined symbol takes no space in front here, while GGUF readers put one before what follows it.
    texts = [t for t in texts_for(plain, CASES, 6) if "<tool>" not in t and "\0" not in t] + ["a" * 300, " ", "  a", BAR + " " + BAR]
    cases = [[t, out.encode(t), None, out.decode(out.encode(t))] for t in texts]
    return vocabulary, cases


def main():
    os.makedirs(OUT, exist_ok=True)
    kinds = sys.argv[1:] or [*PRE, "llama2", "mistral", "gemma", "sentencepiece"]
    for kind in kinds:
        if kind == "sentencepiece":
            vocabulary, cases = train_sentencepiece()
            write("sentencepiece.json", vocabulary)
            write("sentencepiece.cases.json", {"encode": cases})
            continue
        out = byte_level(kind) if kind in PRE else characters(kind)
        add_tokens(kind, out) if kind in PRE else None
        write(kind + ".json", json.loads(out.to_str()))
        write(kind + ".cases.json", record(kind, Tokenizer.from_str(out.to_str())))


if __name__ == "__main__":
    main()
