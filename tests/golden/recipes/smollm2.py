"""Records SmolLM2-135M-Instruct (the GGUF file, de-quantised to float32 by transformers) on running text.

    python smollm2.py MODEL.gguf OUT_DIR [FULL.npy]      (needs torch, transformers, gguf)

OUT_DIR/text.txt is the text. Written there: ids.i32, the first 768 tokens; and for every position the 16 largest
logits and 16 others at ids drawn from a fixed generator: columns.i32 and logits.f32, [768, 32], and the row's
log-sum-exp: logsumexp.f32 [768]. FULL.npy, if asked for, gets all logits, for measuring divergences by hand.
"""
import os, sys
import numpy as np
import torch
import transformers

POSITIONS, TOP, OTHERS = 768, 16, 16


def main(model_path, out, full=None):
    torch.set_num_threads(1)
    folder, file = os.path.split(model_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
    text = open(os.path.join(out, "text.txt"), encoding="utf-8").read()
    ids = tokenizer(text, add_special_tokens=False)["input_ids"][:POSITIONS]
    assert len(ids) == POSITIONS, len(ids)
    with torch.no_grad():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0].float().numpy()
    draw = np.random.default_rng(1)
    columns = np.empty((POSITIONS, TOP + OTHERS), dtype="<i4")
    for row in range(POSITIONS):
        top = np.argsort(-logits[row], kind="stable")[:TOP]
        rest = np.setdiff1d(draw.integers(0, logits.shape[1], 64), top)[:OTHERS]
        columns[row] = np.concatenate([top, rest])
    peak = logits.max(axis=1, keepdims=True)
    logsumexp = (peak + np.log(np.exp((logits - peak).astype("f8")).sum(axis=1, keepdims=True)))[:, 0]
    np.asarray(ids, dtype="<i4").tofile(os.path.join(out, "ids.i32"))
    columns.tofile(os.path.join(out, "columns.i32"))
    np.take_along_axis(logits, columns, axis=1).astype("<f4").tofile(os.path.join(out, "logits.f32"))
    logsumexp.astype("<f4").tofile(os.path.join(out, "logsumexp.f32"))
    if full:
        np.save(full, logits)


if __name__ == "__main__":
    main(*sys.argv[1:])
