"""Writes random state dicts of both formats, and what is in them: types, strides, offsets, storages that are shared.

Usage: state_dicts.py OUT '{"seed": 1, "files": 12}'

Each OUT/<n>.pth has beside it OUT/<n>.json (name → dtype, shape, offset in the .raw) and OUT/<n>.raw (row-major bytes of every tensor).
"""

import collections
import json
import pathlib
import random
import sys

import torch

TYPES = "float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 bool complex64 complex128".split()
NEW_TYPES = [*TYPES, "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"]


def draw_tensor(rng, types, pool):
    if pool and rng.random() < 0.2:
        base = rng.choice(pool)
    else:
        dtype = getattr(torch, rng.choice(types))
        shape = [rng.randint(0 if rng.random() < 0.05 else 1, 5) for _ in range(rng.randint(0, 4))]
        count = 1
        for length in shape:
            count *= length
        width = torch.empty(0, dtype=dtype).element_size()
        raw = bytes(rng.randrange(2) if dtype is torch.bool else rng.randrange(256) for _ in range(count * width))
        base = torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)
        pool.append(base)
    kind = rng.randrange(6)
    if kind == 1 and base.dim() > 1:
        return base.permute(*rng.sample(range(base.dim()), base.dim()))
    if kind == 2 and base.dim() > 0 and base.shape[0] > 1:
        return base[1 :: rng.randint(1, 2)]
    if kind == 3 and base.dim() > 0:
        return base.unsqueeze(0).expand(rng.randint(1, 3), *base.shape)
    if kind == 4 and base.is_floating_point() and base.element_size() > 1:
        return torch.nn.Parameter(base)
    return base


def to_bytes(tensor):
    flat = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def main(folder, options):
    out, rng = pathlib.Path(folder), random.Random(options["seed"])
    for index in range(options["files"]):
        legacy = index % 2 == 1
        pool, weights = [], collections.OrderedDict()
        for number in range(rng.randint(1, 12)):
            weights[f"layer{number}.{rng.choice(['weight', 'bias', 'Gewicht-ü'])}"] = draw_tensor(rng, TYPES if legacy else NEW_TYPES, pool)
        value = weights if rng.random() < 0.5 else {"epoch": index, "model": weights, "rng": torch.get_rng_state()[:16]}
        if isinstance(value, dict) and "rng" in value:
            # A tensor at the top would make the top the dict of weights.
            value["rng"] = [value["rng"]]
        torch.save(value, out / f"{index}.pth", _use_new_zipfile_serialization=not legacy, pickle_protocol=rng.choice([2, 2, 4, 5]))
        told, raw = {}, b""
        for name, tensor in weights.items():
            content = to_bytes(tensor)
            told[name] = {"dtype": str(tensor.dtype)[6:].replace("_", ""), "shape": list(tensor.shape), "at": len(raw), "size": len(content)}
            raw += content
        (out / f"{index}.json").write_text(json.dumps(told))
        (out / f"{index}.raw").write_bytes(raw)
    print(json.dumps({"version": torch.__version__}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
