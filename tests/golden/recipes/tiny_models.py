"""Records logits of tiny random models from transformers, on CPU in float32.

    python tiny_models.py OUT_DIR [CASE...]       (needs torch and transformers)

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

YARN = dict(rope_type="yarn", factor=40.0, original_max_position_embeddings=64, beta_fast=32.0, beta_slow=1.0)
MOE = dict(BASE, num_key_value_heads=4, rms_norm_eps=1e-6, n_routed_experts=16, n_shared_experts=2,
           moe_intermediate_size=32, first_k_dense_replace=1, num_experts_per_tok=4)
MLA = dict(MOE, kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=24, q_lora_rank=48)
V3 = dict(MLA, n_group=4, topk_group=2, norm_topk_prob=True, routed_scaling_factor=2.5, n_shared_experts=1,
          rope_scaling=dict(YARN, mscale=1.0, mscale_all_dim=1.0))
CASES.update({
    "deepseek": ("Deepseek", dict(MOE, norm_topk_prob=False)),
    "deepseek_v2_lite": ("DeepseekV2", dict(
        MLA, q_lora_rank=None, topk_method="greedy", n_group=1, topk_group=1, norm_topk_prob=False,
        routed_scaling_factor=1.0, rope_scaling=dict(YARN, mscale=0.707, mscale_all_dim=0.707))),
    "deepseek_v2": ("DeepseekV2", dict(
        MLA, topk_method="group_limited_greedy", n_group=4, topk_group=2, norm_topk_prob=False,
        routed_scaling_factor=4.0, rope_scaling=dict(YARN, mscale=1.0, mscale_all_dim=1.0))),
    "deepseek_v3": ("DeepseekV3", V3),
    "deepseek_v3_mtp": ("DeepseekV3", dict(V3, num_nextn_predict_layers=1)),
    "deepseek_v32": ("DeepseekV32", dict(V3, index_n_heads=16, index_head_dim=16, index_topk=64)),
})

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


weight_of = weight   # tiny_quantised.py puts its own here


def tokens():
    u = uniform(fnv1a("tokens"), POSITIONS)
    return ((u + 1) * (VOCAB / 2)).astype(np.int64)


class V1Experts(torch.nn.Module):
    """DeepSeekMoE as its paper defines it (arXiv 2401.06066, section 3): transformers has no class for it."""

    def __init__(self, prefix, c):
        super().__init__()
        self.k, self.norm = c["num_experts_per_tok"], c["norm_topk_prob"]
        draw = lambda name, *shape: torch.from_numpy(weight_of(prefix + name + ".weight", shape))
        hidden, ff, shared = c["hidden_size"], c["moe_intermediate_size"], c["n_shared_experts"] * c["moe_intermediate_size"]
        self.gate = draw("gate", c["n_routed_experts"], hidden)
        triple = lambda at, width: [draw(at + "gate_proj", width, hidden), draw(at + "up_proj", width, hidden),
                                    draw(at + "down_proj", hidden, width)]
        self.experts = [triple(f"experts.{e}.", ff) for e in range(c["n_routed_experts"])]
        self.shared = triple("shared_experts.", shared)

    @staticmethod
    def swiglu(x, w):
        return (torch.nn.functional.silu(x @ w[0].T) * (x @ w[1].T)) @ w[2].T

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        values, choice = torch.topk((rows @ self.gate.T).softmax(-1), self.k, dim=-1)
        if self.norm:
            values = values / values.sum(-1, keepdim=True)
        out = self.swiglu(rows, self.shared)
        for row in range(rows.shape[0]):
            for value, e in zip(values[row], choice[row]):
                out[row] += value * self.swiglu(rows[row], self.experts[e])
        return out.reshape(x.shape)


def drawn(key, shape):
    """A value of transformers' state: its stacked experts are drawn under the published names of each."""
    if ".mlp.experts." not in key:
        return weight_of(key, shape)
    at = key[:key.rindex(".experts.")] + ".experts."
    one = lambda e, name, rows, cols: weight_of(f"{at}{e}.{name}.weight", (rows, cols))
    experts, rows, cols = shape
    if key.endswith("down_proj"):
        return np.stack([one(e, "down_proj", rows, cols) for e in range(experts)])
    return np.stack([np.concatenate([one(e, "gate_proj", rows // 2, cols), one(e, "up_proj", rows // 2, cols)])
                     for e in range(experts)])


def record_draft(model, config, folder):
    """The draft layer's logits: row i from the final hidden row i and token i + 1, for the token after that."""
    from transformers.modeling_layers import MtpModel
    layer, draft = config["num_hidden_layers"], MtpModel(model, 1).float().eval()
    published = {"mtp_block.": "", "post_norm.": "shared_head.norm."}
    state = {}
    for key, value in draft.state_dict().items():
        if not key.startswith("layers.0."):
            continue   # embedding, head and rotation are the main model's
        name = key.removeprefix("layers.0.")
        for ours, theirs in published.items():
            name = name.replace(ours, theirs)
        state[key] = torch.from_numpy(drawn(f"model.layers.{layer}.{name}", tuple(value.shape)))
    draft.load_state_dict(state, strict=False)
    ids = torch.from_numpy(tokens())[None]
    hidden = model.model(ids, use_cache=False).last_hidden_state
    positions = torch.arange(POSITIONS - 1)[None]
    y = draft.forward_layer(0, hidden[:, :-1], positions, None, input_ids=ids[:, 1:])
    rows = model.lm_head(y)[0].numpy()[EVERY - 1::EVERY].astype("<f4")
    np.ascontiguousarray(rows).tofile(os.path.join(folder, "draft_logits.f32"))
    print("draft", rows.shape, "range", float(rows.max() - rows.min()))


def model_of(family, config):
    """The float32 model with every weight drawn."""
    if family == "Deepseek":
        transformer, kept = "Llama", {k: v for k, v in config.items() if k in BASE}
    else:
        transformer, kept = family, config
    config_class = getattr(transformers, transformer + "Config")
    model_class = getattr(transformers, transformer + "ForCausalLM")
    model = model_class(config_class(**kept)).float().eval()
    state = {}
    for key, value in model.state_dict().items():
        state[key] = torch.from_numpy(drawn(key, tuple(value.shape)))
    if config["tie_word_embeddings"]:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state, strict=False)
    if family == "Deepseek":
        for i, layer in enumerate(model.model.layers):
            if i >= config["first_k_dense_replace"]:
                layer.mlp = V1Experts(f"model.layers.{i}.mlp.", config)
    return model


def published_config(family, config):
    model_type = {"DeepseekV2": "deepseek_v2", "DeepseekV3": "deepseek_v3", "DeepseekV32": "deepseek_v32"}
    written = dict(config, model_type=model_type.get(family, family.lower()), architectures=[family + "ForCausalLM"])
    if family == "Qwen2":
        written["use_sliding_window"] = False
    return written


def record(name, family, config, out):
    model = model_of(family, config)
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    with torch.no_grad():
        logits = model(torch.from_numpy(tokens())[None], use_cache=False).logits[0].numpy()
        if "num_nextn_predict_layers" in config:
            record_draft(model, config, folder)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(published_config(family, config), f, indent=1)
        f.write("\n")
    rows = np.ascontiguousarray(logits[EVERY - 1::EVERY].astype("<f4"))
    rows.tofile(os.path.join(folder, "logits.f32"))
    print(name, rows.shape, "range", float(rows.max() - rows.min()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = sys.argv[2:] or CASES
    for case in wanted:
        record(case, *CASES[case], sys.argv[1])
