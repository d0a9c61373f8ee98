"""Records the experts that transformers' own routers of DeepSeek-V2 and V3 choose for 10,000 rows of each kind.

    python router.py OUT_DIR        (needs torch and transformers)

Inputs and weights are multiples of 1/256 drawn from a generator that both sides have, and so small that every sum of
their products is exact in float32: the logits leave nothing to rounding. A kind's file has, for every 100 rows, the
FNV-1a hash of their expert numbers (ascending, 16 bits each), then the rows that are left out because torch may take
either of two equal scores, then the weights of the first 20 rows. A row is left out if in double precision the last
score chosen and the first not chosen, or the last group kept and the first dropped, differ by less than 2^-22, a few
roundings of a score below 1.
"""
import sys
import numpy as np
import torch
from transformers import DeepseekV2Config, DeepseekV3Config
from transformers.models.deepseek_v2.modeling_deepseek_v2 import DeepseekV2TopkRouter
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3TopkRouter

from tiny_models import MASK, fnv1a, uniform

ROWS, HIDDEN, SHOWN = 10000, 128, 20
KINDS = {
    # name: (experts, groups, groups kept, experts per token, factor)
    "greedy": (64, 1, 1, 6, 1.0),
    "group_limited": (160, 8, 3, 6, 16.0),
    "noaux_tc": (256, 8, 4, 8, 2.5),
}


def grid(name, count, scale):
    """Multiples of 1/256 in [-scale, scale)."""
    return np.floor(uniform(fnv1a(name), count) * np.float32(256 * scale)).astype(np.float32) / np.float32(256)


def router(kind):
    experts, groups, kept, k, factor = KINDS[kind]
    weight = torch.from_numpy(grid(f"router.{kind}.gate", experts * HIDDEN, 0.25).reshape(experts, HIDDEN))
    if kind == "noaux_tc":
        config = DeepseekV3Config(hidden_size=HIDDEN, n_routed_experts=experts, n_group=groups, topk_group=kept,
                                  num_experts_per_tok=k, routed_scaling_factor=factor, norm_topk_prob=True)
        module = DeepseekV3TopkRouter(config)
        bias = uniform(fnv1a(f"router.{kind}.bias"), experts) * np.float32(0.25)
        module.e_score_correction_bias.copy_(torch.from_numpy(bias))
    else:
        config = DeepseekV2Config(hidden_size=HIDDEN, n_routed_experts=experts, n_group=groups, topk_group=kept,
                                  num_experts_per_tok=k, routed_scaling_factor=factor,
                                  topk_method="greedy" if groups == 1 else "group_limited_greedy")
        module = DeepseekV2TopkRouter(config)
        bias = np.zeros(experts, np.float32)
    module.weight.data.copy_(weight)
    return module, weight.double().numpy(), bias.astype(np.float64)


def margins(kind, x, gate, bias):
    """The smallest difference of scores that decides something, per row."""
    experts, groups, kept, k, _ = KINDS[kind]
    g = x.astype(np.float64) @ gate.T
    if kind == "noaux_tc":
        choice = 1 / (1 + np.exp(-g)) + bias
    else:
        e = np.exp(g - g.max(1, keepdims=True))
        choice = e / e.sum(1, keepdims=True)
    margin = np.full(len(x), np.inf)
    if kept < groups:
        grouped = np.sort(choice.reshape(len(x), groups, -1), axis=2)
        score = grouped[:, :, -2:].sum(2) if kind == "noaux_tc" else grouped[:, :, -1]
        order = np.sort(score, axis=1)
        margin = order[:, groups - kept] - order[:, groups - kept - 1]
        worst = np.argsort(score, axis=1)[:, : groups - kept]
        masked = choice.reshape(len(x), groups, -1).copy()
        np.put_along_axis(masked, worst[:, :, None], -np.inf, axis=1)
        choice = masked.reshape(len(x), experts)
    order = np.sort(choice, axis=1)
    return np.minimum(margin, order[:, experts - k] - order[:, experts - k - 1])


def record(kind, out):
    module, gate, bias = router(kind)
    x = grid(f"router.{kind}.x", ROWS * HIDDEN, 1).reshape(ROWS, HIDDEN)
    with torch.no_grad():
        logits, weights, chosen = module(torch.from_numpy(x))
    assert np.array_equal(logits.double().numpy(), x.astype(np.float64) @ gate.T)
    order = np.argsort(chosen.numpy(), axis=1)
    chosen = np.take_along_axis(chosen.numpy(), order, 1)
    weights = np.take_along_axis(weights.numpy(), order, 1)
    left_out = set(np.nonzero(margins(kind, x, gate, bias) < 2.0 ** -22)[0].tolist())
    with open(f"{out}/{kind}.txt", "w") as f:
        for first in range(0, ROWS, 100):
            h = 0xCBF29CE484222325
            for row in range(first, first + 100):
                for byte in chosen[row].astype("<u2").tobytes() if row not in left_out else b"":
                    h = ((h ^ byte) * 0x100000001B3) & MASK
            f.write(f"{h:016x}\n")
        f.write(f"{len(left_out)}" + "".join(f" {row}" for row in sorted(left_out)) + "\n")
        for row in range(SHOWN):
            f.write(" ".join(f"{w:.9g}" for w in weights[row]) + "\n")
    print(kind, "left out", len(left_out))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in KINDS:
        record(name, sys.argv[1])
