"""Records what the gguf package decodes from blocks of every format: tests/golden/quant/<format>.{blocks,f32}.

Run: python quant_decode.py <output folder>    (needs numpy and gguf 0.19)

The first blocks are random to the last bit. The others keep random codes and take their f16 fields from a list of
awkward values: zeros of both signs, the smallest subnormal, the largest finite, infinities, NaN. The last is all zero.
"""
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

# name: (elements, bytes, offsets of the f16 fields)
FORMATS = {
    "q4_0": (32, 18, [0]), "q4_1": (32, 20, [0, 2]), "q5_0": (32, 22, [0]), "q5_1": (32, 24, [0, 2]),
    "q8_0": (32, 34, [0]), "q2_k": (256, 84, [80, 82]), "q3_k": (256, 110, [108]), "q4_k": (256, 144, [0, 2]),
    "q5_k": (256, 176, [0, 2]), "q6_k": (256, 210, [208]), "iq4_nl": (32, 18, [0]), "iq4_xs": (256, 136, [0]),
}
AWKWARD = [0x0000, 0x8000, 0x0001, 0x03FF, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0x3C00]


def record(folder: Path, name: str, seed: int) -> None:
    elements, size, scales = FORMATS[name]
    random = np.random.default_rng(seed)
    plain = 24 if elements == 32 else 4
    blocks = random.integers(0, 256, (plain + len(AWKWARD) + 1, size), dtype=np.uint8)
    for row, bits in enumerate(AWKWARD):
        for k, offset in enumerate(scales):
            field = np.uint16(AWKWARD[(row + 3 * k) % len(AWKWARD)] if k else bits)
            blocks[plain + row, offset:offset + 2] = np.frombuffer(field.tobytes(), np.uint8)
    blocks[-1] = 0
    with np.errstate(all="ignore"):
        values = quants.dequantize(blocks, Type[name.upper()])
    (folder / f"{name}.blocks").write_bytes(blocks.tobytes())
    (folder / f"{name}.f32").write_bytes(values.astype("<f4").tobytes())


for number, format_name in enumerate(FORMATS):
    record(Path(sys.argv[1]), format_name, 1000 + number)
