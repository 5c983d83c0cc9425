"""Writes precision.json: boxes that are there and boxes that were found, and each label's AP at an overlap of one half by pycocotools.

Usage: python precision.py          (needs pycocotools; the numbers depend on nothing but this file)

pycocotools reads precision at 101 recalls. Here it is asked at so many that their mean is the area under all points.
"""

import contextlib
import io
import json
import pathlib
import random

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

draw = random.Random(5)
side, labels, images = 100, 3, 24


def box():
    width, height = draw.randint(10, 40), draw.randint(10, 40)
    return [draw.randint(0, side - width), draw.randint(0, side - height), width, height]


def near(wanted):
    x, y, width, height = wanted
    jitter = lambda reach: draw.randint(-reach, reach)
    return [x + jitter(4), y + jitter(4), max(4, width + jitter(5)), max(4, height + jitter(5))]


truth, found = [], []
for image in range(images):
    for _ in range(draw.randint(0, 4)):
        wanted, label = box(), draw.randint(0, labels - 1)
        truth.append({"image": image, "label": label, "box": wanted})
        for _ in range(draw.choice([0, 1, 1, 1, 2])):
            told = label if draw.random() < 0.85 else draw.randint(0, labels - 1)
            found.append({"image": image, "label": told, "box": near(wanted), "score": draw.randint(30, 999) / 1000})
    for _ in range(draw.randint(0, 2)):
        found.append({"image": image, "label": draw.randint(0, labels - 1), "box": box(), "score": draw.randint(1, 700) / 1000})

with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image + 1} for image in range(images)],
        "categories": [{"id": label + 1} for label in range(labels)],
        "annotations": [
            {"id": i + 1, "image_id": t["image"] + 1, "category_id": t["label"] + 1, "bbox": t["box"], "area": t["box"][2] * t["box"][3], "iscrowd": 0}
            for i, t in enumerate(truth)
        ],
    }
    coco.createIndex()
    results = coco.loadRes(
        [{"image_id": f["image"] + 1, "category_id": f["label"] + 1, "bbox": f["box"], "score": f["score"]} for f in found]
    )
    run = COCOeval(coco, results, "bbox")
    counts = [sum(t["label"] == label for t in truth) for label in range(labels)]
    points = int(np.lcm.reduce(counts)) * 10
    run.params.iouThrs = np.array([0.5])
    run.params.recThrs = (np.arange(points) + 0.5) / points
    run.params.maxDets = [1000]
    run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
    run.evaluate()
    run.accumulate()

wanted = [float(run.eval["precision"][0, :, label, 0, 0].mean()) for label in range(labels)]
lines = lambda rows: "[\n" + ",\n".join("    " + json.dumps(row) for row in rows) + "\n  ]"
path = pathlib.Path(__file__).with_name("precision.json")
path.write_text(
    f'{{\n  "side": {side},\n  "labels": {labels},\n  "images": {images},\n  "truth": {lines(truth)},\n  "found": {lines(found)},\n'
    f'  "wanted": {json.dumps(wanted)}\n}}\n'
)
