"""Records what the gguf package makes of f32 values: tests/golden/quant/encode.f32 and encode.<format>.

Run: python quant_encode.py <output folder>    (needs numpy and gguf 0.19)

Rows of 256: Gaussian, uniform, heavy-tailed, tiny, huge, on the rounding borders, one outlier, constant, zero.
"""
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

random = np.random.default_rng(7)
rows = [
    random.normal(0, 0.02, 256), random.normal(0.5, 1, 256), random.uniform(-1, 1, 256), random.uniform(2, 3, 256),
    random.standard_t(2, 256), random.normal(0, 1e-6, 256), random.normal(0, 3e-9, 256), random.normal(0, 5e4, 256),
    (np.arange(256) % 17 - 8) / 2, np.where(np.arange(256) % 32 == 5, 100.0, 0.001), np.full(256, -0.75),
    np.full(256, 0.75), np.zeros(256), np.abs(random.normal(0, 1, 256)), -np.abs(random.normal(0, 1, 256)),
    np.where(np.arange(256) % 2 == 0, 1.0, -1.0),
]
values = np.stack(rows).astype("<f4")
folder = Path(sys.argv[1])
(folder / "encode.f32").write_bytes(values.tobytes())
for name in ["f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0"]:
    with np.errstate(all="ignore"):
        encoded = quants.quantize(values, Type[name.upper()])
    (folder / f"encode.{name}").write_bytes(np.ascontiguousarray(encoded).tobytes())
