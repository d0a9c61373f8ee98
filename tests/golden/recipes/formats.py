"""Writes tests/golden/formats/ with gguf 0.19.0 and safetensors 0.8.0, the origin of both containers.

    python tests/golden/recipes/formats.py            writes the files
    python tests/golden/recipes/formats.py FILE.gguf  prints what the gguf package reads from a file of ours

Values follow a formula that the C++ tests repeat: value(i) = (i * 7 % 64 - 32) / 8, exact in every format used.
"""
import json
import pathlib
import sys

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "formats"


def values(*shape):
    count = int(np.prod(shape))
    return ((np.arange(count) * 7 % 64 - 32) / 8).astype(np.float32).reshape(shape)


def write_gguf(path, **options):
    writer = gguf.GGUFWriter(path, "llama", **options)
    writer.add_uint8("value.u8", 200)
    writer.add_int8("value.i8", -100)
    writer.add_uint16("value.u16", 60000)
    writer.add_int16("value.i16", -30000)
    writer.add_uint32("value.u32", 4000000000)
    writer.add_int32("value.i32", -2000000000)
    writer.add_uint64("value.u64", 1 << 60)
    writer.add_int64("value.i64", -(1 << 60))
    writer.add_float32("value.f32", 0.5)
    writer.add_float64("value.f64", 0.1)
    writer.add_bool("value.bool", True)
    writer.add_string("value.string", "深度 é")
    writer.add_array("array.strings", ["a", "ab", "Ġthe"])
    writer.add_array("array.ints", [1, -2, 3])
    writer.add_array("array.floats", [0.5, -1.5])
    writer.add_tensor("token_embd.weight", values(6, 32))
    writer.add_tensor("output_norm.weight", values(5))
    writer.add_tensor("blk.0.half.weight", values(2, 3).astype(np.float16))
    q8 = gguf.quants.quantize(values(3, 64), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.q8.weight", q8, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.ids", np.arange(4, dtype=np.int32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_written(path):
    """What GgufWriter in lib/formats must reproduce byte for byte."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("a.u32", 7)
    writer.add_int32("a.i32", -7)
    writer.add_uint64("a.u64", 1 << 40)
    writer.add_float32("a.f32", 1.25)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "text")
    writer.add_array("a.strings", ["x", "yz"])
    writer.add_array("a.i32s", [1, -1])
    writer.add_array("a.f32s", [0.5, 0.25])
    writer.add_tensor("first.weight", values(3, 5))
    writer.add_tensor("second.weight", values(2, 1, 4).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_safetensors(folder):
    folder.mkdir(exist_ok=True)
    f32, f16, bf16 = (torch.from_numpy(values(3, 5)).to(t) for t in (torch.float32, torch.float16, torch.bfloat16))
    one = {"model.f32": f32, "model.f16": f16, "model.bf16": bf16}
    two = {"model.scalar": torch.tensor(2.5), "model.ids": torch.arange(4), "model.flags": torch.tensor([True, False])}
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name, tensors in zip(names, (one, two)):
        save_file(tensors, folder / name, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 0},
             "weight_map": {key: name for name, tensors in zip(names, (one, two)) for key in tensors}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}) + "\n")


def show(path):
    reader = gguf.GGUFReader(path)
    for field in reader.fields.values():
        print(field.name, [t.name for t in field.types])
    for tensor in reader.tensors:
        print(tensor.name, tensor.tensor_type.name, list(tensor.shape), tensor.data_offset)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        show(sys.argv[1])
    else:
        FOLDER.mkdir(exist_ok=True)
        write_gguf(FOLDER / "package.gguf")
        write_gguf(FOLDER / "split.gguf", split_max_tensors=2)
        write_written(FOLDER / "written.gguf")
        write_safetensors(FOLDER / "sharded")
