#!/usr/bin/env python3
"""Records tests/golden/embed/CASE: pooled rows and scores of tiny random encoders from transformers in float32.

    pip install torch transformers==5.23.0
    python encoders.py [OUT_DIR]

Weights are drawn as in tiny_models.py, by the lower-case name. A text is a list of words, and word n is token n: ids
below 4 are special ones. rows.f32 holds for each of TEXTS its mean or first row, or of classifiers the score of the
pair (first text, text).
"""
import json
import os
import sys

import numpy as np
import torch
import transformers

import sample_texts
import tiny_models

VOCAB = 160
LENGTHS = [1, 5, 37, 64, 90]
TEXTS = [[4 + draw.below(VOCAB - 4) for _ in range(n)] for n in LENGTHS for draw in [sample_texts.Draw(n)]]

BERT = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, vocab_size=VOCAB,
            max_position_embeddings=128, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu", pad_token_id=0)
XLMR = dict(BERT, max_position_embeddings=130, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0,
            eos_token_id=2)
NOMIC = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, vocab_size=VOCAB,
             max_position_embeddings=128, type_vocab_size=2, layer_norm_eps=1e-12, pad_token_id=0,
             rope_parameters=dict(rope_theta=1000.0, rope_type="default"))
LLAMA = dict(tiny_models.BASE, vocab_size=VOCAB)
CASES = {
    "bert": ("BertModel", BERT, "mean", 2, 3),
    "bert_cls": ("BertModel", BERT, "cls", 2, 3),
    "bert_rank": ("BertForSequenceClassification", dict(BERT, num_labels=1), "rank", 2, 3),
    "xlm_roberta": ("XLMRobertaModel", XLMR, "cls", 0, 2),
    "xlm_roberta_rank": ("XLMRobertaForSequenceClassification", dict(XLMR, num_labels=1), "rank", 0, 2),
    "nomic_bert": ("NomicBertModel", NOMIC, "mean", 2, 3),
    "llama_last": ("LlamaModel", LLAMA, "last", None, None),
}


def published(model, name):
    """transformers 5 spells nomic-bert's tensors its own way in memory."""
    return "model." + name if type(model).__name__ == "LlamaModel" else name


def nomic_state(model, draw):
    """Published names to those in memory: Wqkv in thirds, fc11 up, fc12 gate."""
    state = {}
    for key, value in model.state_dict().items():
        shape = tuple(value.shape)
        name = key.replace("layers.", "encoder.layers.", 1) if key.startswith("layers.") else key
        name = name.replace("embeddings.LayerNorm", "emb_ln")
        for ours, theirs in (("self_attn.o_proj", "attn.out_proj"), ("mlp.up_proj", "mlp.fc11"),
                             ("mlp.gate_proj", "mlp.fc12"), ("mlp.down_proj", "mlp.fc2"),
                             ("post_attention_layernorm", "norm1"), ("post_mlp_layernorm", "norm2")):
            name = name.replace(ours, theirs)
        for third, part in enumerate(("q_proj", "k_proj", "v_proj")):
            if f"self_attn.{part}" in name:
                joint = draw(name.replace(f"self_attn.{part}", "attn.Wqkv"), (3 * shape[0], shape[1]))
                state[key] = joint[third * shape[0]:(third + 1) * shape[0]]
                break
        else:
            state[key] = draw(name, shape)
    return state


def model_of(class_name, config):
    model_class = getattr(transformers, class_name)
    model = model_class(model_class.config_class(**config, attn_implementation="eager")).float().eval()
    draw = lambda name, shape: torch.from_numpy(tiny_models.weight(name.lower(), shape))
    if class_name == "NomicBertModel":
        state = nomic_state(model, draw)
    else:
        state = {key: draw(published(model, key), tuple(value.shape)) for key, value in model.state_dict().items()
                 if value.dtype == torch.float32}
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys, missing
    return model


def rows_of(model, pooling, cls, sep):
    types = "Bert" in type(model).__name__ and "Roberta" not in type(model).__name__
    for text in TEXTS:
        if pooling == "rank":
            between = [sep] if types else [sep, sep]
            ids = [cls] + TEXTS[0] + between + text + [sep]
            kinds = [0] * (1 + len(TEXTS[0]) + len(between)) + [1 if types else 0] * (len(text) + 1)
            yield model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([kinds])).logits[0].numpy()
            continue
        ids = text if cls is None else [cls] + text + [sep]
        hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
        yield hidden.mean(0) if pooling == "mean" else hidden[0] if pooling == "cls" else hidden[-1]


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else str(sample_texts.LANGUAGES.parent)
    for name, (class_name, config, pooling, cls, sep) in CASES.items():
        model = model_of(class_name, config)
        with torch.no_grad():
            rows = np.stack(list(rows_of(model, pooling, cls, sep))).astype("<f4")
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        kept = {k: v for k, v in config.items() if k != "num_labels"}
        kept.update(model_type=model.config.model_type, architectures=[class_name])
        with open(os.path.join(folder, "config.json"), "w", encoding="ascii") as file:
            json.dump(kept, file, indent=1)
            file.write("\n")
        rows.tofile(os.path.join(folder, "rows.f32"))
        print(name, rows.shape, float(rows.min()), float(rows.max()))


if __name__ == "__main__":
    main()
