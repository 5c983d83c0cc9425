"""Writes networks.json: small networks with their losses and gradients by PyTorch in float64.

Usage: python generate.py          (needs torch; the numbers depend on nothing but this file)

Inputs and parameters are multiples of 1/64, so they are the same numbers in float32 and float64, and max pools meet real ties.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def conv(filters, kernel, stride=(1, 1), padding=(0, 0)):
    return {"kind": "conv", "filters": filters, "kernel": list(kernel), "stride": list(stride), "padding": list(padding)}


def pool(kind, size, stride=None):
    return {"kind": kind, "size": list(size), "stride": list(stride or size)}


def plain(kind):
    return {"kind": kind}


def dense(units):
    return {"kind": "dense", "units": units}


def dropout(rate):
    return {"kind": "dropout", "rate": rate}


def batch_norm(momentum=0.1, epsilon=1e-5):
    return {"kind": "batchNorm", "momentum": momentum, "epsilon": epsilon}


RELU, GELU, SIGMOID, TANH, FLATTEN = map(plain, ["relu", "gelu", "sigmoid", "tanh", "flatten"])

CASES = [
    {
        "name": "the digit network, small",
        "layers": [conv(3, (3, 3)), RELU, conv(6, (3, 3)), RELU, pool("maxPool", (2, 2)), dropout(0.25), FLATTEN,
                   dense(7), RELU, dropout(0.5), dense(5)],
        "loss": "crossEntropy", "input": [1, 8, 8], "classes": 5, "rows": 3, "batch": 4,
    },
    {
        "name": "strides, padding and many channels",
        "layers": [conv(6, (3, 2), (2, 1), (1, 1)), GELU, conv(5, (2, 3), (1, 2), (0, 1)), TANH,
                   pool("averagePool", (2, 2)), dense(4)],
        "loss": "crossEntropy", "input": [3, 9, 8], "classes": 4, "rows": 2, "batch": 2,
    },
    {
        "name": "pools that overlap",
        "layers": [conv(4, (3, 3), (1, 1), (1, 1)), pool("maxPool", (3, 3), (2, 2)), SIGMOID,
                   pool("averagePool", (3, 2), (1, 2)), FLATTEN, dense(3)],
        "loss": "crossEntropy", "input": [2, 8, 9], "classes": 3, "rows": 2, "batch": 2,
    },
    {
        "name": "pools that leave an edge",
        "layers": [pool("maxPool", (2, 3), (3, 3)), conv(5, (1, 1)), RELU, pool("averagePool", (1, 2), (2, 3)), dense(3)],
        "loss": "crossEntropy", "input": [1, 12, 16], "classes": 3, "rows": 2, "batch": 8,
    },
    {
        "name": "batch norm and squared error",
        "layers": [conv(4, (3, 3), (2, 2), (2, 2)), batch_norm(), RELU, FLATTEN, dense(6), batch_norm(0.25, 1e-3), GELU, dense(3)],
        "loss": "meanSquaredError", "input": [1, 6, 6], "classes": 3, "rows": 4, "batch": 4,
    },
    {
        "name": "a wide stride and more padding than kernel",
        "layers": [conv(8, (2, 2), (3, 2), (2, 3)), RELU, conv(4, (1, 1), (2, 2)), TANH, dense(2)],
        "loss": "meanSquaredError", "input": [5, 5, 4], "classes": 2, "rows": 2, "batch": 2,
    },
]


def draw(shape, generator, steps=64):
    return torch.randint(-steps // 2, steps // 2 + 1, shape, generator=generator).to(torch.float64) / 64


def run(case, seed):
    generator = torch.Generator().manual_seed(seed)
    rows, classes = case["rows"], case["classes"]
    image = torch.randint(0, 65, (rows, *case["input"]), generator=generator).to(torch.float64) / 64
    image.requires_grad_()
    targets = torch.randint(0, classes, (rows,), generator=generator)
    parameters, statistics, renewed, masks, counts = {}, {}, {}, {}, {}

    def parameter(name, shape):
        parameters[name] = draw(shape, generator).requires_grad_()
        return parameters[name]

    x = image
    for layer in case["layers"]:
        kind = layer["kind"]
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind}{counts[kind]}"
        if kind == "conv":
            weight = parameter(f"{name}.weight", (layer["filters"], x.shape[1], *layer["kernel"]))
            bias = parameter(f"{name}.bias", (layer["filters"],))
            x = F.conv2d(x, weight, bias, stride=layer["stride"], padding=layer["padding"])
        elif kind == "dense":
            x = x.flatten(1)
            x = F.linear(x, parameter(f"{name}.weight", (layer["units"], x.shape[1])), parameter(f"{name}.bias", (layer["units"],)))
        elif kind == "maxPool":
            x = F.max_pool2d(x, layer["size"], layer["stride"])
        elif kind == "averagePool":
            x = F.avg_pool2d(x, layer["size"], layer["stride"])
        elif kind == "batchNorm":
            channels = (x.shape[1],)
            scale, shift = parameter(f"{name}.scale", channels), parameter(f"{name}.shift", channels)
            mean, variance = draw(channels, generator), draw(channels, generator).abs() + 0.5
            statistics[f"{name}.mean"], statistics[f"{name}.variance"] = mean.clone(), variance.clone()
            x = F.batch_norm(x, mean, variance, scale, shift, True, layer["momentum"], layer["epsilon"])
            renewed[f"{name}.mean"], renewed[f"{name}.variance"] = mean, variance
        elif kind == "dropout":
            mask = torch.randint(0, 256, x.shape, generator=generator)
            masks[f"{name}.mask"] = mask
            x = x * (mask >= round(layer["rate"] * 256)) / (1 - layer["rate"])
        elif kind == "flatten":
            x = x.flatten(1)
        elif kind == "gelu":
            x = F.gelu(x)
        else:
            x = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}[kind](x)
    logits = x.flatten(1)
    if case["loss"] == "crossEntropy":
        loss = F.cross_entropy(logits, targets, reduction="sum") / case["batch"]
    else:
        loss = ((logits.softmax(1) - F.one_hot(targets, classes)) ** 2).sum() / (case["batch"] * classes)
    loss.backward()
    return {
        **case,
        "loss": {"kind": case["loss"]},
        "image": exact(image),
        "targets": targets.tolist(),
        "parameters": {name: exact(value) for name, value in parameters.items()},
        "statistics": {name: exact(value) for name, value in statistics.items()},
        "masks": {name: value.flatten().tolist() for name, value in masks.items()},
        "wanted": {
            "loss": float(f"{loss.item():.12g}"),
            "gradients": {name: rounded(value.grad) for name, value in {**parameters, "image": image}.items()},
            "statistics": {name: rounded(value) for name, value in renewed.items()},
        },
    }


def exact(tensor):
    """In 64ths, to keep the file short."""
    return [int(math.floor(value * 64 + 0.5)) for value in tensor.detach().flatten().tolist()]


def rounded(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]


text = ",\n".join(json.dumps(run(case, seed + 1), separators=(",", ":")) for seed, case in enumerate(CASES))
pathlib.Path(__file__).with_name("networks.json").write_text(f"[\n{text}\n]\n")
