#!/usr/bin/env python3
"""Compares tokenizer_encode_file with the tokenizers library on generated texts, and counts differences.

    pip install tokenizers==0.23.3 gguf
    cmake --build BUILD --target tokenizer_encode_file
    tokenizer_compare.py BUILD/tests/unit/tokenizer/tokenizer_encode_file MODEL... [--count 20000] [--seed 1]

MODEL: a folder with tokenizer.json, or a GGUF file with the smollm pre-tokeniser, for which the library's tokenizer is
rebuilt from the vocabulary and merges inside.
"""
import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SCRIPTS = [(0x20, 0x7F), (0x20, 0x7F), (0x20, 0x7F), (0xA0, 0x250), (0x250, 0x370), (0x370, 0x530), (0x530, 0x700),
           (0x700, 0x900), (0x900, 0xE00), (0xE00, 0x1100), (0x1100, 0x1200), (0x1200, 0x2000), (0x2000, 0x2070),
           (0x2070, 0x2C00), (0x2C00, 0x3000), (0x3000, 0x3100), (0x3100, 0x3400), (0x3400, 0x4E00), (0x4E00, 0xA000),
           (0xA000, 0xAC00), (0xAC00, 0xD7B0), (0xD7B0, 0xD800), (0xE000, 0xF900), (0xF900, 0xFB00), (0xFB00, 0x10000),
           (0x10000, 0x11000), (0x11000, 0x12000), (0x12000, 0x16000), (0x16000, 0x1B000), (0x1B000, 0x1D000),
           (0x1D000, 0x1E000), (0x1E000, 0x1F000), (0x1F000, 0x1FC00), (0x20000, 0x2A700), (0x2F800, 0x2FA20),
           (0xE0000, 0xE0200), (0xF0000, 0x110000), (0x300, 0x370), (0, 0x20), (0x7F, 0xA0)]
WORDS = ("the of and Hello world it's don't I'LL we'Ve 'S 'ſ ſ K Ω über für Tạm biệt naïve señor return int main "
         "{ } () [] ; // # == != <= -> :: <b> </b> http://x.y/z?a=1&b=2 user@host.com 3.14159 1,000,000 2026-08-02 "
         "0xDEADBEEF v1.2.3 你好 世界 こんにちは カタカナ・ーゞ 한국어 조선 नमस्ते สวัสดี שלום مرحبا Привет мир ΑΒΓ "
         "🦙 👩‍👩‍👧‍👦 🏳️‍🌈 é é ﬁ ½ ² Ⅷ ٣ ৪ 𝟘 〇 ± × ÷ € … — “q” ‘q’ 。 ， ！ ？").split()


def char(r):
    low, high = r.choice(SCRIPTS)
    return chr(r.randrange(low, high))


def part(r, added):
    kind = r.randrange(16)
    if kind == 0: return " " * r.choice([1, 1, 2, 3, 4, 7, 16, 40])
    if kind == 1: return r.choice(["\n", "\r\n", "\n\n", "\t", "\r", " \n", "\n ", "\t\n \n", "\u00a0", "\u3000", "\u2028", "\x85", "\x0b"])
    if kind == 2: return "".join(r.choice("0123456789") for _ in range(r.randrange(1, 9)))
    if kind == 3: return "".join(char(r) for _ in range(r.randrange(1, 12)))
    if kind == 4:
        low, high = r.choice(SCRIPTS)
        return "".join(chr(r.randrange(low, high)) for _ in range(r.randrange(1, 12)))
    if kind == 5: return chr(r.randrange(0, 0x20))
    if kind == 6: return r.choice(["a", "e", "o", "A", "가", "ㄱ", "क", "\u1100", "\u1112\u1161"]) + "".join(
        chr(r.choice([r.randrange(0x300, 0x370), r.randrange(0x591, 0x5C0), r.randrange(0x1161, 0x1176), r.randrange(0x11A8, 0x11C3), 0x93C, 0x345]))
        for _ in range(r.randrange(1, 5)))
    if kind == 7 and added: return r.choice(added)
    if kind == 8 and added:
        token = r.choice(added)
        return token[r.randrange(len(token)):] if r.randrange(2) else token[:r.randrange(len(token)) + 1]
    if kind == 9: return r.choice("abcxyz.!?-=*#'\"") * r.randrange(1, 30)
    if kind == 10: return "".join(r.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") for _ in range(r.randrange(1, 6)))
    if kind == 11: return "'" + r.choice(["s", "T", "re", "VE", "m", "lL", "d", "ſ", "x", "ſt"]) + r.choice(["", "a", " "])
    return r.choice(["", " ", " "]) + r.choice(WORDS)


def texts_for(tokenizer, count, seed):
    r = random.Random(seed)
    added = [t.content for t in tokenizer.get_added_tokens_decoder().values()]
    added = added[:40] + added[-40:]
    out = []
    for i in range(count):
        text = "".join(part(r, added) for _ in range(r.randrange(1, 24)))
        out.append("".join(c for c in text if not 0xD800 <= ord(c) < 0xE000))
    return out


def from_gguf(path):
    from gguf import GGUFReader
    fields = GGUFReader(path).fields
    assert fields["tokenizer.ggml.pre"].contents() == "smollm"
    tokens, types = fields["tokenizer.ggml.tokens"].contents(), fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    out = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges))
    out.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                 pre_tokenizers.ByteLevel(add_prefix_space=False)])
    out.decoder = decoders.ByteLevel()
    out.add_special_tokens([AddedToken(t, special=True, normalized=False) for t, kind in zip(tokens, types) if kind == 3])
    return out


def load(model):
    return Tokenizer.from_file(os.path.join(model, "tokenizer.json")) if os.path.isdir(model) else from_gguf(model)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("models", nargs="+")
    arguments.add_argument("--count", type=int, default=20000)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    failed = False
    for model in options.models:
        tokenizer = load(model)
        texts = texts_for(tokenizer, options.count, options.seed)
        with tempfile.NamedTemporaryFile(suffix=".texts") as file:
            for text in texts:
                data = text.encode()
                file.write(struct.pack("<I", len(data)) + data)
            file.flush()
            for mode in ("special", "plain"):
                tokenizer.encode_special_tokens = mode == "plain"
                found = subprocess.run([options.program, model, file.name, mode], check=True, capture_output=True, text=True)
                lines = found.stdout.split("\n")[:-1]
                assert len(lines) == len(texts), (len(lines), len(texts))
                differences = []
                for text, line, encoding in zip(texts, lines, tokenizer.encode_batch(texts, add_special_tokens=False)):
                    ids = [int(i) for i in line.split(",")] if line else []
                    if ids != encoding.ids:
                        differences.append((text, ids, encoding.ids))
                print(f"{model} {mode}: {len(texts)} texts, {len(differences)} differences", flush=True)
                for text, ids, expected in sorted(differences, key=lambda d: len(d[0]))[:3]:
                    print("  ", ascii(text), "\n     found   ", ids, "\n     expected", expected)
                failed = failed or bool(differences)
    sys.exit(failed)


if __name__ == "__main__":
    main()
