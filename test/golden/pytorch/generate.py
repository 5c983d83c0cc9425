"""Writes small state dicts of every kind that the reader must take, with what PyTorch itself reads from them in expected.json.

Usage: python generate.py          (needs torch; the numbers depend on nothing but this file, the bytes on torch's version)

Every tensor's values are k/4 - 3 in row-major order, cast to its type, so that a wrong stride or offset shows.
"""

import collections
import json
import pathlib

import torch

here = pathlib.Path(__file__).parent
types = [
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool",
    "uint16", "uint32", "uint64", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2",
]
# What the legacy format has a storage class for.
old_types = [name for name in types if name not in ("uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2")]


def count(shape, dtype=torch.float32):
    size = 1
    for length in shape:
        size *= length
    return (torch.arange(size, dtype=torch.float64) / 4 - 3).reshape(shape).to(dtype)


def of_types(names):
    unsigned = ("uint8", "uint16", "uint32", "uint64")
    return collections.OrderedDict(
        (name, (torch.arange(6).reshape(2, 3) if name in unsigned else count((2, 3))).to(getattr(torch, name)))
        for name in names
    )


def strides():
    base = count((4, 6))
    return collections.OrderedDict(
        base=base,
        transposed=base.t(),
        every_other=base[1::2, ::3],
        row=base[2],
        expanded=count((3, 1)).expand(3, 4),
        last_first=count((1, 2, 3, 2)).contiguous(memory_format=torch.channels_last),
        empty=torch.empty(0, 5),
        scalar=torch.tensor(2.5),
        parameter=torch.nn.Parameter(count((2, 2))),
        tied=base,
    )


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 3)
        self.norm = torch.nn.BatchNorm2d(3)
        with torch.no_grad():
            for tensor in self.state_dict().values():
                tensor.copy_(count(tensor.shape))


def checkpoint():
    net = torch.nn.DataParallel(Net())
    return {
        "epoch": 12,
        "best": 0.75,
        "arch": "net",
        "note": None,
        "big": 2**70,
        "done": True,
        "shape": torch.Size([2, 3]),
        "state_dict": net.state_dict(),
        "optimizer": {"state": {0: {"step": torch.tensor(3.0), "momentum": count((2,))}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]},
    }


files = {
    "types-zip.pth": (of_types(types), {}),
    "types-legacy.pth": (of_types(old_types), {"_use_new_zipfile_serialization": False}),
    "strides-zip.pth": (strides(), {}),
    "strides-legacy.pth": (strides(), {"_use_new_zipfile_serialization": False}),
    "checkpoint-zip.pth": (checkpoint(), {}),
    "checkpoint-legacy.pth": (checkpoint(), {"_use_new_zipfile_serialization": False}),
    "protocol1-zip.pth": (of_types(["float32", "int64"]), {"pickle_protocol": 1}),
    "protocol4-zip.pth": (checkpoint(), {"pickle_protocol": 4}),
    "protocol5-legacy.pth": (strides(), {"pickle_protocol": 5, "_use_new_zipfile_serialization": False}),
}


def flatten(value, path=()):
    if isinstance(value, torch.Tensor):
        yield ".".join(path), value.detach()
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, (*path, str(key)))


def describe(tensor):
    plain = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    plain = plain.float() if plain.dtype.is_floating_point else plain
    dtype = str(tensor.dtype).removeprefix("torch.").replace("_", "")
    return {"dtype": dtype, "shape": list(tensor.shape), "values": [float(value) for value in plain.reshape(-1)]}


expected = {}
for name, (value, options) in files.items():
    torch.save(value, here / name, **options)
    again = torch.load(here / name, weights_only=False)
    expected[name] = {path: describe(tensor) for path, tensor in flatten(again)}
# A whole module: code would be needed to read it, so it must be refused.
torch.save(Net(), here / "module-zip.pth")
(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
