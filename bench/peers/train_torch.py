"""Trains one network with PyTorch and prints one line of JSON: seconds of each epoch, accuracy, peak memory.

Usage: train_torch.py '{"layers": [...], "channels": 1, "height": 28, "width": 28, "classes": 10, "batch": 64, "epochs": 3,
"threads": 2, "tuned": true, "x": "x.u8", "y": "y.i32", "train": 4000}'

Data is in memory before the clock starts, and evaluation is outside the time. "tuned" means channels_last; the passive OpenMP
wait policy is an environment variable that the caller sets.
"""
import json
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import network

spec = json.loads(sys.argv[1])
torch.set_num_threads(spec["threads"])
torch.manual_seed(spec["seed"])


model = network.build(spec["layers"], spec["channels"], spec["height"], spec["width"])
x = np.fromfile(spec["x"], np.uint8).reshape(-1, spec["height"], spec["width"], spec["channels"]).transpose(0, 3, 1, 2)
x = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32) / 255)
y = torch.from_numpy(np.fromfile(spec["y"], np.int32).astype(np.int64))
rows = spec["train"]
x_train, y_train, x_held, y_held = x[:rows], y[:rows], x[rows:], y[rows:]
if spec["tuned"]:
    model = model.to(memory_format=torch.channels_last)
    x_train = x_train.contiguous(memory_format=torch.channels_last)
    torch.set_flush_denormal(True)
optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)

batch, seconds, accuracy = spec["batch"], [], 0.0
for _ in range(spec["epochs"]):
    model.train()
    order = torch.randperm(rows)
    started = time.perf_counter()
    for i in range(0, rows - rows % batch, batch):
        pick = order[i : i + batch]
        optimizer.zero_grad()
        F.cross_entropy(model(x_train[pick]), y_train[pick]).backward()
        optimizer.step()
    seconds.append(time.perf_counter() - started)
    model.eval()
    if len(x_held):
        with torch.no_grad():
            accuracy = (model(x_held).argmax(1) == y_held).float().mean().item()
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
print(json.dumps({"seconds": seconds, "rows": rows - rows % batch, "accuracy": accuracy, "memoryMB": memory, "version": torch.__version__}))
