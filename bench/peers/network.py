"""Layers as Slipway writes them (plain data) to a PyTorch module."""
import torch
import torch.nn as nn

MAKERS = {
    "conv": lambda layer, shape: nn.Conv2d(shape[1], layer["filters"], layer["kernel"], layer["stride"], layer["padding"]),
    "dense": lambda layer, shape: nn.Linear(shape[1], layer["units"]),
    "relu": lambda layer, shape: nn.ReLU(),
    "maxPool": lambda layer, shape: nn.MaxPool2d(layer["size"], layer["stride"]),
    "averagePool": lambda layer, shape: nn.AvgPool2d(layer["size"], layer["stride"]),
    "batchNorm": lambda layer, shape: nn.BatchNorm2d(shape[1]),
    "dropout": lambda layer, shape: nn.Dropout(layer["rate"]),
    "flatten": lambda layer, shape: nn.Flatten(),
}


def build(layers, channels, height, width):
    made, sample = [], torch.zeros(1, channels, height, width)
    for layer in layers:
        made.append(MAKERS[layer["kind"]](layer, sample.shape))
        with torch.no_grad():
            sample = made[-1].eval()(sample)
    return nn.Sequential(*made)
