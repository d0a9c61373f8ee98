#!/usr/bin/env python3
"""Records a sample of ids of published vocabularies, whose files are too big to keep here.

    pip install tokenizers==0.23.3 gguf
    tokenizer_samples.py NAME=MODEL...     (NAME: deepseek_v3, llama3_1, qwen3 or smollm2; MODEL as in tokenizer_compare.py)

Writes ../tokenizer/samples/NAME.cases.json in the form of tokenizer_small.py.
"""
import json
import os
import sys

from tokenizer_compare import load, texts_for

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tokenizer", "samples")


def main():
    os.makedirs(OUT, exist_ok=True)
    for argument in sys.argv[1:]:
        name, model = argument.split("=", 1)
        tokenizer = load(model)
        cases = []
        for text in texts_for(tokenizer, 200, 9):
            special = tokenizer.encode(text, add_special_tokens=False).ids
            tokenizer.encode_special_tokens = True
            plain = tokenizer.encode(text, add_special_tokens=False).ids
            tokenizer.encode_special_tokens = False
            decoded = tokenizer.decode(special, skip_special_tokens=False)
            cases.append([text, special, plain if plain != special else None, decoded if decoded != text else None])
        with open(os.path.join(OUT, name + ".cases.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps({"encode": cases}, separators=(",", ":")).replace("],[", "],\n[") + "\n")


if __name__ == "__main__":
    main()
