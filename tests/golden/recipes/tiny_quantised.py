"""Records logits of tiny DeepSeek models whose weights are bf16, FP8 with block scales, Q8_0 or Q4_K.

    python tiny_quantised.py OUT_DIR [CASE...]       (needs torch, transformers and gguf)

Nothing is quantised here or there: codes and scales are drawn (tests/unit/models/quantised_weights.cpp draws the same),
and transformers runs in float32 on what torch and the gguf package de-quantise them to.
"""
import json, os, sys
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
import tiny_models as tiny

POSITIONS, EVERY = 200, 8
WIDE = dict(hidden_size=256, intermediate_size=256, moe_intermediate_size=256, num_attention_heads=8,
            num_key_value_heads=8)
LATENT = dict(WIDE, kv_lora_rank=256, qk_nope_head_dim=32, qk_rope_head_dim=16, v_head_dim=32, q_lora_rank=256)
BASES = {
    "deepseek": WIDE,
    "deepseek_v2_lite": dict(LATENT, q_lora_rank=None),
    "deepseek_v2": LATENT,
    "deepseek_v3": LATENT,
    "deepseek_v32": dict(LATENT, index_head_dim=32),
}
TYPES = ["bf16", "f8", "q8_0", "q4_k"]


def drawn_bytes(name, count):
    return ((tiny.uniform(tiny.fnv1a(name), count) + 1) * 128).astype(np.uint8)


def float16_bytes(value):
    return np.frombuffer(np.float16(value).tobytes(), np.uint8)


def q8_0(name, shape):
    """Per 32 values a scale of 0.125 / 127 and any codes."""
    blocks = np.empty((int(np.prod(shape)) // 32, 34), np.uint8)
    blocks[:, :2] = float16_bytes(0.125 / 127)
    blocks[:, 2:] = drawn_bytes(name, blocks.shape[0] * 32).reshape(-1, 32)
    return dequantize(blocks.reshape(shape[0], -1), GGMLQuantizationType.Q8_0)


def q4_k(name, shape):
    """Per 256 values steps that centre what any scales, minima and codes make."""
    blocks = np.empty((int(np.prod(shape)) // 256, 144), np.uint8)
    blocks[:, :2], blocks[:, 2:4] = float16_bytes(0.0003), float16_bytes(0.00225)
    blocks[:, 4:] = drawn_bytes(name, blocks.shape[0] * 140).reshape(-1, 140)
    return dequantize(blocks.reshape(shape[0], -1), GGMLQuantizationType.Q4_K)


def f8(name, shape):
    """Codes of numbers up to 240, and a scale around 0.125 / 240 per 128 x 128."""
    u = tiny.uniform(tiny.fnv1a(name), int(np.prod(shape))).reshape(shape)
    codes = torch.from_numpy(u * np.float32(240)).to(torch.float8_e4m3fn).float().numpy()
    rows, cols = -(-shape[0] // 128), -(-shape[1] // 128)
    scales = (tiny.uniform(tiny.fnv1a(name + "_scale_inv"), rows * cols) * np.float32(0.25) + 1) * np.float32(2 ** -11)
    scales = scales.reshape(rows, cols).repeat(128, 0).repeat(128, 1)[:shape[0], :shape[1]]
    return codes * scales


def bf16(values):
    return torch.from_numpy(values).to(torch.bfloat16).float().numpy()


def narrow(name, shape):
    """Wider models take smaller weights, else every choice of experts hangs by a thread."""
    values = tiny.weight(name, shape)
    return values if "norm" in name else values * np.float32(0.5)


def kept(kind, name, shape):
    """The value of one published tensor, as its format keeps it."""
    in_float = name.endswith("mlp.gate.weight") or "weights_proj" in name
    if name.endswith("e_score_correction_bias"):
        return narrow(name, shape)
    if kind == "bf16":
        return bf16(narrow(name, shape))
    if len(shape) == 1 or in_float:
        return bf16(narrow(name, shape)) if kind == "f8" else narrow(name, shape)
    if kind == "f8":
        return f8(name, shape) if name.startswith("model.layers") else bf16(narrow(name, shape))
    return {"q8_0": q8_0, "q4_k": q4_k}[kind](name, shape)


def record(base, kind, out):
    family, config = tiny.CASES[base]
    config = dict(config, **BASES[base])
    name = f"{base}-{kind}"
    tiny.weight_of = lambda key, shape: kept(kind, key, shape)
    model = tiny.model_of(family, config)
    with torch.no_grad():
        logits = model(torch.from_numpy(tiny.tokens())[None], use_cache=False).logits[0].numpy()
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(tiny.published_config(family, config), f, indent=1)
        f.write("\n")
    rows = np.ascontiguousarray(logits[EVERY - 1::EVERY].astype("<f4"))
    rows.tofile(os.path.join(folder, "logits.f32"))
    print(name, rows.shape, "range", float(rows.max() - rows.min()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in sys.argv[2:] or [f"{base}-{kind}" for base in BASES for kind in TYPES]:
        record(*case.rsplit("-", 1), sys.argv[1])
