"""Records logits of tiny random models from transformers, on CPU in float32.

    python tiny_models.py OUT_DIR        (needs torch and transformers)

Weights are not stored: both sides draw them from the same generator (weight(), and TinyWeights in
tests/unit/models), so a golden is a config.json and the logits of every eighth of 200 positions.
"""
import json, os, sys
import numpy as np
import torch
import transformers

POSITIONS = 200
EVERY = 8
VOCAB = 160

BASE = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            vocab_size=VOCAB, max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=False,
            bos_token_id=1, eos_token_id=2)
CASES = {
    "llama": ("Llama", dict(BASE)),
    "llama_tied_mha": ("Llama", dict(BASE, num_key_value_heads=4, tie_word_embeddings=True)),
    "llama_linear": ("Llama", dict(BASE, rope_theta=100000.0, rope_scaling=dict(rope_type="linear", factor=4.0))),
    "llama_llama3": ("Llama", dict(BASE, rope_theta=500000.0, rope_scaling=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64))),
    "llama_bias": ("Llama", dict(BASE, attention_bias=True, mlp_bias=True)),
    "mistral": ("Mistral", dict(BASE, sliding_window=None, head_dim=32)),
    "qwen2": ("Qwen2", dict(BASE, rms_norm_eps=1e-6)),
    "qwen3": ("Qwen3", dict(BASE, head_dim=32, rms_norm_eps=1e-6)),
    "qwen3_yarn": ("Qwen3", dict(BASE, head_dim=32, rope_theta=1000000.0, rope_scaling=dict(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=64))),
}

MASK = (1 << 64) - 1


def fnv1a(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def uniform(seed, count):
    """splitmix64 of seed + i, as float32 in [-1, 1) with 24 bits: exact in every language."""
    with np.errstate(over="ignore"):
        x = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return ((x >> np.uint64(40)).astype(np.float32) * np.float32(2.0 ** -23)) - np.float32(1)


def weight(name, shape):
    """Norms lie around 1, matrices and biases around 0."""
    u = uniform(fnv1a(name), int(np.prod(shape))).reshape(shape)
    return np.float32(1) + u * np.float32(0.25) if "norm" in name else u * np.float32(0.25)


def tokens():
    u = uniform(fnv1a("tokens"), POSITIONS)
    return ((u + 1) * (VOCAB / 2)).astype(np.int64)


def record(name, family, config, out):
    config_class = getattr(transformers, family + "Config")
    model_class = getattr(transformers, family + "ForCausalLM")
    model = model_class(config_class(**config)).float().eval()
    state = {}
    for key, value in model.state_dict().items():
        if key.endswith("weight") or key.endswith("bias"):
            state[key] = torch.from_numpy(weight(key, tuple(value.shape)))
    if config["tie_word_embeddings"]:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state, strict=False)
    with torch.no_grad():
        logits = model(torch.from_numpy(tokens())[None], use_cache=False).logits[0].numpy()
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    written = dict(config, model_type=family.lower(), architectures=[family + "ForCausalLM"])
    if family == "Qwen2":
        written["use_sliding_window"] = False
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(written, f, indent=1)
        f.write("\n")
    rows = np.ascontiguousarray(logits[EVERY - 1::EVERY].astype("<f4"))
    rows.tofile(os.path.join(folder, "logits.f32"))
    print(name, rows.shape, "range", float(rows.max() - rows.min()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case, (family, config) in CASES.items():
        record(case, family, config, sys.argv[1])
