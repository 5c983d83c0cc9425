"""The served network in PyTorch: layers from LAYERS (JSON), parameters by name and length from NAMES (JSON) in the file WEIGHTS (float32)."""
import io
import json
import os

import numpy as np
import torch
from PIL import Image

import network

KINDS = {torch.nn.Conv2d: "conv", torch.nn.Linear: "dense", torch.nn.BatchNorm2d: "batchNorm"}
PARTS = {
    "conv": {"weight": "weight", "bias": "bias"},
    "dense": {"weight": "weight", "bias": "bias"},
    "batchNorm": {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"},
}

def load():
    model = network.build(json.loads(os.environ["LAYERS"]), 1, 28, 28)
    flat = np.fromfile(os.environ["WEIGHTS"], np.float32)
    named, at = {}, 0
    for name, count in json.loads(os.environ["NAMES"]):
        named[name] = torch.from_numpy(flat[at : at + count].copy())
        at += count
    # Slipway counts each kind of layer from one: conv1, conv2, batchNorm1.
    seen = {}
    for module in model:
        kind = KINDS.get(type(module))
        if kind is None:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        for theirs, ours in PARTS[kind].items():
            tensor = getattr(module, theirs)
            tensor.data = named.pop(f"{kind}{seen[kind]}.{ours}").reshape(tensor.shape)
    assert not named, f"the network has no place for {', '.join(named)}"
    return model.eval()


def pixels(content):
    """JPEG bytes to 1×1×28×28 floats in 0..1."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=np.float32)[None, None] / 255
