"""SSD300 on VGG16 in PyTorch, with the parameter names of the weights that are in circulation: what our ONNX graph is held against.

Usage: ssd300.py OUT '{"classes": 21, "images": 2, "seed": 1, "formats": ["zip", "legacy"]}'

Writes OUT/<format>.pth (random weights), OUT/images.u8 (RGB, NHWC), OUT/loc.f32, OUT/conf.f32 (raw heads) and OUT/detections.f32.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

# Anchors of each of the six maps; the smaller set is VOC's, the other COCO's.
MAPS = [38, 19, 10, 5, 3, 1]
STEPS = [8, 16, 32, 64, 100, 300]
RATIOS = [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
VOC_SIZES = [30, 60, 111, 162, 213, 264, 315]
COCO_SIZES = [21, 45, 99, 153, 207, 261, 315]
# Of blue, green and red, as Caffe's VGG16 has them.
MEANS = [104.0, 117.0, 123.0]


class L2Norm(nn.Module):
    def __init__(self, channels, scale):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), float(scale)))

    def forward(self, x):
        norm = x.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10
        return self.weight[None, :, None, None] * (x / norm)


class SSD300(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        layers, width = [], 3
        for step in [64, 64, "pool", 128, 128, "pool", 256, 256, 256, "ceil", 512, 512, 512, "pool", 512, 512, 512]:
            if isinstance(step, str):
                layers.append(nn.MaxPool2d(2, 2, ceil_mode=step == "ceil"))
            else:
                layers += [nn.Conv2d(width, step, 3, padding=1), nn.ReLU(inplace=True)]
                width = step
        layers += [nn.MaxPool2d(3, 1, padding=1), nn.Conv2d(512, 1024, 3, padding=6, dilation=6), nn.ReLU(inplace=True)]
        layers += [nn.Conv2d(1024, 1024, 1), nn.ReLU(inplace=True)]
        self.vgg = nn.ModuleList(layers)
        self.L2Norm = L2Norm(512, 20)
        self.extras = nn.ModuleList([
            nn.Conv2d(1024, 256, 1), nn.Conv2d(256, 512, 3, stride=2, padding=1),
            nn.Conv2d(512, 128, 1), nn.Conv2d(128, 256, 3, stride=2, padding=1),
            nn.Conv2d(256, 128, 1), nn.Conv2d(128, 256, 3),
            nn.Conv2d(256, 128, 1), nn.Conv2d(128, 256, 3),
        ])
        boxes = [2 + 2 * len(ratios) for ratios in RATIOS]
        widths = [512, 1024, 512, 256, 256, 256]
        self.loc = nn.ModuleList(nn.Conv2d(w, 4 * n, 3, padding=1) for w, n in zip(widths, boxes))
        self.conf = nn.ModuleList(nn.Conv2d(w, classes * n, 3, padding=1) for w, n in zip(widths, boxes))

    def forward(self, x):
        sources = []
        for index, layer in enumerate(self.vgg):
            x = layer(x)
            if index == 22:
                sources.append(self.L2Norm(x))
                # The next layer is a pool: nothing overwrites what was handed on.
        sources.append(x)
        for index, layer in enumerate(self.extras):
            x = F.relu(layer(x))
            if index % 2 == 1:
                sources.append(x)
        flat = lambda heads: torch.cat([h(s).permute(0, 2, 3, 1).flatten(1) for h, s in zip(heads, sources)], 1)
        batch = x.shape[0]
        return flat(self.loc).view(batch, -1, 4), flat(self.conf).view(batch, -1, self.classes)


def make_priors(sizes):
    rows = []
    for index, side in enumerate(MAPS):
        small, large = sizes[index] / 300, math.sqrt(sizes[index] * sizes[index + 1]) / 300
        for i in range(side):
            for j in range(side):
                x, y = (j + 0.5) * STEPS[index] / 300, (i + 0.5) * STEPS[index] / 300
                rows += [[x, y, small, small], [x, y, large, large]]
                for ratio in RATIOS[index]:
                    root = math.sqrt(ratio)
                    rows += [[x, y, small * root, small / root], [x, y, small / root, small * root]]
    return torch.tensor(rows).clamp(0, 1)


def decode(loc, priors):
    centre = priors[:, :2] + loc[:, :2] * 0.1 * priors[:, 2:]
    size = priors[:, 2:] * torch.exp(loc[:, 2:] * 0.2)
    return torch.cat([centre - size / 2, centre + size / 2], 1)


def suppress(boxes, limit):
    """Which of boxes, best first, are kept: those that no kept one before overlaps by more than the limit."""
    low = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    clash = shared / (area[:, None] + area[None, :] - shared) > limit
    keep = torch.ones(len(boxes), dtype=torch.bool)
    for index in range(len(boxes)):
        if keep[index]:
            keep[index + 1 :] &= ~clash[index, index + 1 :]
    return keep


def detect(loc, scores, priors, threshold=0.01, overlap=0.45, top=200):
    """[200, 6] of class, score, left, top, right, bottom for one image; scores are probabilities [priors, classes]."""
    boxes = decode(loc, priors)
    rows = []
    for label in range(1, scores.shape[1]):
        score = scores[:, label]
        some = (score > threshold).nonzero()[:, 0]
        best = some[score[some].sort(descending=True).indices[:top]]
        kept = best[suppress(boxes[best], overlap)]
        rows.append(torch.cat([torch.full((len(kept), 1), float(label)), score[kept, None], boxes[kept]], 1))
    rows = torch.cat(rows)
    rows = rows[rows[:, 1].sort(descending=True, stable=True).indices[:top]]
    return F.pad(rows, (0, 0, 0, top - len(rows)))


def make_network(classes, seed):
    """Random weights under which activations keep their size and some classes stand out at some places."""
    torch.manual_seed(seed)
    net = SSD300(classes).eval()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter.uniform_(-0.1, 0.1)
            elif parameter.dim() == 4:
                nn.init.kaiming_normal_(parameter)
        # The norm of 512 channels is 20 at each place; heads see values about as large.
        for heads, gain in ((net.loc, 0.5), (net.conf, 2.0)):
            for head in heads:
                head.weight.mul_(gain)
        net.vgg[0].weight.mul_(1 / 64)
        net.L2Norm.weight.uniform_(15, 25)
        # Background wins at most places, as it does after training: that leaves a few hundred boxes over the threshold.
        for head in net.conf:
            head.bias.view(-1, classes)[:, 0] += 4
    return net


def prepare(images):
    """RGB bytes NHWC to what the weights were trained on: planes of R, G, B less the means, which are told as B, G, R."""
    return images.permute(0, 3, 1, 2).float() - torch.tensor(MEANS[::-1]).view(1, 3, 1, 1)


def main(folder, options):
    out, classes = pathlib.Path(folder), options["classes"]
    net = make_network(classes, options["seed"])
    for name in options["formats"]:
        torch.save(net.state_dict(), out / f"{name}.pth", _use_new_zipfile_serialization=name == "zip")
    # Smooth pictures: blocks of a few sizes, each of one colour.
    blocks = [torch.randint(0, 256, (options["images"], 3, side, side)).float() for side in (4, 20, 100)]
    mixed = sum(F.interpolate(block, 300, mode="nearest") for block in blocks) / len(blocks)
    images = mixed.to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    priors = make_priors(COCO_SIZES if classes == 201 else VOC_SIZES)
    with torch.no_grad():
        loc, conf = net(prepare(images))
        detections = torch.stack([detect(l, c.softmax(1), priors) for l, c in zip(loc, conf)])
    for name, value in (("images.u8", images), ("loc.f32", loc), ("conf.f32", conf), ("detections.f32", detections)):
        value.contiguous().numpy().tofile(out / name)
    found = [int((rows[:, 1] > 0).sum()) for rows in detections]
    print(json.dumps({"parameters": sum(p.numel() for p in net.parameters()), "priors": len(priors), "found": found,
                      "loc": loc.abs().max().item(), "conf": conf.abs().max().item(), "version": torch.__version__}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
