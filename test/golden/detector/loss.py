"""Writes loss.json: the multibox loss of SSD (Liu et al. 2016, section 2.2) and its gradients by PyTorch in float64.

Usage: python loss.py          (needs torch; the numbers depend on nothing but this file)

Inputs are multiples of 1/64, so they are the same numbers in float32 and float64.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def draw(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-192, 193, shape, generator=generator) / 64


def multibox(loc, conf, targets, offsets, negatives):
    matched = targets > 0
    placing = F.smooth_l1_loss(loc[matched], offsets[matched], reduction="sum")
    costs = F.cross_entropy(conf.transpose(1, 2), targets, reduction="none")
    ranking = costs.detach().clone()
    ranking[matched] = -1
    rank = ranking.argsort(1, descending=True).argsort(1)
    # An image without any match counts as if it had one: so does ours, unlike the paper.
    count = matched.sum(1, keepdim=True).clamp(min=1) * negatives
    telling = costs[matched | (rank < count)].sum()
    return placing + telling


cases = []
for seed, (rows, anchors, classes, negatives, scale) in enumerate(
    [(3, 12, 3, 3, 1 / 4), (2, 5, 2, 3, 1 / 8), (1, 9, 5, 1, 1.0)]
):
    generator = torch.Generator().manual_seed(100 + seed)
    targets = torch.randint(0, 6 * classes, (rows, anchors), generator=generator)
    targets[targets >= classes] = 0
    targets[0, 1] = 1
    targets[-1] = targets[-1] if rows == 1 else 0
    loc, conf = draw((rows, anchors, 4), 3 * seed).requires_grad_(), draw((rows, anchors, classes), 3 * seed + 1).requires_grad_()
    offsets = draw((rows, anchors, 4), 3 * seed + 2)
    loss = multibox(loc, conf, targets, offsets, negatives) * scale
    loss.backward()
    whole = lambda values: (values.detach() * 64).round().int().flatten().tolist()
    cases.append(
        {
            "rows": rows,
            "anchors": anchors,
            "classes": classes,
            "negatives": negatives,
            "scale": scale,
            "loc": whole(loc),
            "conf": whole(conf),
            "targets": targets.flatten().tolist(),
            "offsets": whole(offsets),
            "wanted": {
                "loss": loss.item(),
                "loc": [round(value, 9) for value in loc.grad.flatten().tolist()],
                "conf": [round(value, 9) for value in conf.grad.flatten().tolist()],
            },
        }
    )

path = pathlib.Path(__file__).with_name("loss.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
