"""Records what torch makes of FP8: tests/golden/quant/f8_e4m3.f32, f8_e8m0.f32 and f8_e4m3.first.

Run: python f8.py <output folder>    (needs numpy and torch 2.7 or newer)

*.f32 holds the values of codes 0 .. 255. f8_e4m3.first holds, for codes 0x00 .. 0x7E, the bits of the smallest
non-negative float that becomes this code after clamping to 448: with a rounding that never falls these say what every
float becomes, and a sweep over all exponents checks that here.
"""
import sys
from pathlib import Path

import numpy as np
import torch

folder = Path(sys.argv[1])
codes = torch.arange(256, dtype=torch.int32).to(torch.uint8)
for name, dtype in [("f8_e4m3", torch.float8_e4m3fn), ("f8_e8m0", torch.float8_e8m0fnu)]:
    values = codes.view(dtype).to(torch.float32).numpy()
    bits = values.view("<u4").copy()
    bits[np.isnan(values)] = 0x7FC00000   # a NaN's own bits differ between libraries
    (folder / f"{name}.f32").write_bytes(bits.tobytes())


def encoded(bits):
    values = torch.from_numpy(bits.astype(np.uint32).view(np.float32)).clamp(-448, 448)
    return values.to(torch.float8_e4m3fn).view(torch.uint8).numpy()


low, high = np.zeros(127, np.uint64), np.full(127, 0x7F800000, np.uint64)
wanted = np.arange(127)
while (low < high).any():
    middle = (low + high) // 2
    reached = encoded(middle) >= wanted
    high = np.where(reached, middle, high)
    low = np.where(reached, low, np.minimum(middle + 1, high))
first = low.astype("<u4")
sweep = np.arange(0, 0x7F800001, 1031, dtype=np.uint64)
assert (encoded(sweep) == np.searchsorted(first, sweep, side="right") - 1).all()
assert (encoded(sweep | 0x80000000) == (np.searchsorted(first, sweep, side="right") - 1) | 0x80).all()
(folder / "f8_e4m3.first").write_bytes(first.tobytes())
