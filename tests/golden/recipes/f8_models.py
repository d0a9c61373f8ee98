"""Records logits of a tiny random V3 whose weights have been through FP8, from transformers with the de-quantised
weights in float32: tests/golden/models/deepseek_v3_f8.

    python f8_models.py OUT_DIR        (needs torch and transformers; uses tiny_models.py beside it)

Weights are drawn as there. Every matrix that DeepSeek publishes in FP8 is then divided in blocks of 128 x 128 from row 0
on, and each block replaced by fp8(x / s) * s with s = largest / 448, kept as float32, bfloat16 or a power of two (not
below) by the name's hash modulo 3.
"""
import sys

import numpy as np
import torch

import tiny_models

KEPT = ("norm", "embed_tokens", "lm_head", "mlp.gate.", "bias")
drawn_weight = tiny_models.weight


def through_f8(name, values):
    rows, cols = values.shape
    kind = tiny_models.fnv1a(name) % 3
    out = np.empty_like(values)
    for top in range(0, rows, 128):
        for left in range(0, cols, 128):
            block = torch.from_numpy(values[top:top + 128, left:left + 128].copy())
            scale = block.abs().max() / 448
            if kind == 1:
                scale = scale.to(torch.bfloat16).float()
            if kind == 2:
                scale = torch.exp2(torch.ceil(torch.log2(scale)))
            codes = (block / scale).clamp(-448, 448).to(torch.float8_e4m3fn)
            out[top:top + 128, left:left + 128] = (codes.float() * scale).numpy()
    return out


def weight(name, shape):
    values = drawn_weight(name, shape)
    return values if len(shape) < 2 or any(part in name for part in KEPT) else through_f8(name, values)


if __name__ == "__main__":
    torch.set_num_threads(1)
    tiny_models.weight = weight
    config = dict(tiny_models.V3, hidden_size=192, intermediate_size=320, moe_intermediate_size=144, n_routed_experts=8,
                  num_experts_per_tok=3, q_lora_rank=136, kv_lora_rank=160, qk_nope_head_dim=48, qk_rope_head_dim=16,
                  v_head_dim=40)
    tiny_models.record("deepseek_v3_f8", "DeepseekV3", config, sys.argv[1])
