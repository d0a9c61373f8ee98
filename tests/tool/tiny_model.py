#!/usr/bin/env python3
"""Writes a tiny random llama as a model folder: config.json, model.safetensors (f32), tokenizer.json and a template.

usage: tiny_model.py FOLDER

The vocabulary is the 256 bytes, a few merges and three special tokens, so every text can be tokenised and answers are
nonsense with torn characters in it. Needs nothing but Python; the same bytes every time.
"""
import array
import json
import os
import random
import struct
import sys

HIDDEN, INTERMEDIATE, LAYERS, HEADS, KV_HEADS, CONTEXT = 64, 96, 2, 4, 2, 65536
MERGES = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "w"), ("t", "h")]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
            " + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


def byte_letters():
    """GPT-2's letter for each byte: printable ones stand for themselves, the rest are moved above 255."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters, moved = {}, 0
    for byte in range(256):
        if byte in plain:
            letters[byte] = chr(byte)
        else:
            letters[byte] = chr(256 + moved)
            moved += 1
    return letters


def vocabulary():
    pieces = [byte_letters()[byte] for byte in range(256)] + [a + b for a, b in MERGES]
    return {piece: i for i, piece in enumerate(pieces)}


def tokenizer_files(specials):
    vocab = vocabulary()
    ids = {text: len(vocab) + i for i, text in enumerate(specials)}
    added = [{"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": True} for text, i in ids.items()]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
                 "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
                 "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                           "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocab,
                           "merges": [f"{a} {b}" for a, b in MERGES]}}
    settings = {"bos_token": "<|endoftext|>", "eos_token": "<|im_end|>", "chat_template": TEMPLATE,
                "tokenizer_class": "GPT2Tokenizer"}
    return tokenizer, settings, ids


def tensors():
    head_dim = HIDDEN // HEADS
    rows = 288   # more than the vocabulary: the head is padded
    yield "model.embed_tokens.weight", (rows, HIDDEN), 1.0
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        yield at + "input_layernorm.weight", (HIDDEN,), None
        yield at + "self_attn.q_proj.weight", (HEADS * head_dim, HIDDEN), 0.2
        yield at + "self_attn.k_proj.weight", (KV_HEADS * head_dim, HIDDEN), 0.2
        yield at + "self_attn.v_proj.weight", (KV_HEADS * head_dim, HIDDEN), 0.2
        yield at + "self_attn.o_proj.weight", (HIDDEN, HEADS * head_dim), 0.2
        yield at + "post_attention_layernorm.weight", (HIDDEN,), None
        yield at + "mlp.gate_proj.weight", (INTERMEDIATE, HIDDEN), 0.2
        yield at + "mlp.up_proj.weight", (INTERMEDIATE, HIDDEN), 0.2
        yield at + "mlp.down_proj.weight", (HIDDEN, INTERMEDIATE), 0.2
    yield "model.norm.weight", (HIDDEN,), None
    yield "lm_head.weight", (rows, HIDDEN), 0.3


def write_safetensors(path):
    source, header, data = random.Random(20240501), {}, bytearray()
    for name, shape, spread in tensors():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = array.array("f", (1 + source.gauss(0, 0.1) if spread is None else source.gauss(0, spread) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + 4 * count]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)


def write_model(folder, specials=SPECIALS):
    os.makedirs(folder, exist_ok=True)
    tokenizer, settings, ids = tokenizer_files(specials)
    write_json(os.path.join(folder, "tokenizer.json"), tokenizer)
    write_json(os.path.join(folder, "tokenizer_config.json"), settings)
    write_json(os.path.join(folder, "config.json"), {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "vocab_size": 288, "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0, "tie_word_embeddings": False, "torch_dtype": "float32",
        "bos_token_id": ids["<|endoftext|>"], "eos_token_id": ids["<|im_end|>"]})
    write_safetensors(os.path.join(folder, "model.safetensors"))


if __name__ == "__main__":
    write_model(sys.argv[1])
