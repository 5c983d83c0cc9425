"""SSD300 by PyTorch: makes the weights and the picture, or times one image, or times reading the weights. Prints one line of JSON.

Usage: detect_torch.py make OUT                       writes zip.pth, legacy.pth and images.u8 (the network of the tests)
       detect_torch.py run OUT '{"threads": 2, "tuned": true, "images": 20}'
       detect_torch.py load OUT '{"threads": 2, "format": "zip", "times": 10}'

"tuned" means channels_last; the passive OpenMP wait policy is an environment variable that the caller sets. One image is bytes to boxes:
the means, the network, softmax, decoding and suppression, all by tensor operations. Loading is torch.load with its defaults.
"""
import json
import pathlib
import resource
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "test" / "e2e" / "pytorch"))
import ssd300  # noqa: E402

kind, out = sys.argv[1], pathlib.Path(sys.argv[2])


def report(seconds, **more):
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"seconds": seconds, "memoryMB": memory, "version": torch.__version__, **more}))


if kind == "make":
    ssd300.main(out, {"classes": 21, "images": 1, "seed": 1, "formats": ["zip", "legacy"]})
elif kind == "load":
    spec = json.loads(sys.argv[3])
    torch.set_num_threads(spec["threads"])
    seconds = []
    for _ in range(spec["times"]):
        started = time.perf_counter()
        weights = torch.load(out / f"{spec['format']}.pth")
        # Every number is looked at once: what is only mapped is not read yet.
        total = sum(tensor.view(-1)[::1024].sum().item() for tensor in weights.values())
        seconds.append(time.perf_counter() - started)
        del weights
    report(seconds, total=total)
else:
    spec = json.loads(sys.argv[3])
    torch.set_num_threads(spec["threads"])
    net = ssd300.SSD300(21).eval()
    net.load_state_dict(torch.load(out / "zip.pth"))
    if spec["tuned"]:
        net = net.to(memory_format=torch.channels_last)
    image = torch.from_numpy(np.fromfile(out / "images.u8", np.uint8).reshape(1, 300, 300, 3))
    priors = ssd300.make_priors(ssd300.VOC_SIZES)
    seconds, network, cpu = [], [], []
    with torch.inference_mode():
        for _ in range(spec["images"] + 2):
            started, worked = time.perf_counter(), time.process_time()
            planes = ssd300.prepare(image)
            if spec["tuned"]:
                planes = planes.contiguous(memory_format=torch.channels_last)
            loc, conf = net(planes)
            network.append(time.perf_counter() - started)
            found = ssd300.detect(loc[0], conf[0].softmax(1), priors)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - worked)
    report(seconds[2:], network=network[2:], cpu=cpu[2:], found=int((found[:, 1] > 0).sum()))
