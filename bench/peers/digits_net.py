"""The served network in PyTorch: layers from LAYERS (JSON), weights from the file WEIGHTS (float32, in the order of its parameters)."""
import io
import json
import os

import numpy as np
import torch
from PIL import Image

import network


def load():
    model = network.build(json.loads(os.environ["LAYERS"]), 1, 28, 28)
    flat = np.fromfile(os.environ["WEIGHTS"], np.float32)
    at = 0
    for parameter in model.parameters():
        count = parameter.numel()
        parameter.data = torch.from_numpy(flat[at : at + count].reshape(parameter.shape).copy())
        at += count
    assert at == flat.size, f"{os.environ['WEIGHTS']} holds {flat.size} numbers, the network has {at}"
    return model.eval()


def pixels(content):
    """JPEG bytes to 1×1×28×28 floats in 0..1."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=np.float32)[None, None] / 255
