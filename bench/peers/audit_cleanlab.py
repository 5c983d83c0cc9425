"""Reads probabilities and labels, says which rows each of cleanlab's filters flags: JSON on stdout."""
import json
import sys

import cleanlab
import numpy as np
from cleanlab.filter import find_label_issues

folder, classes = sys.argv[1], int(sys.argv[2])
labels = np.fromfile(f"{folder}/labels.i32", dtype=np.int32)
probabilities = np.fromfile(f"{folder}/probabilities.f32", dtype=np.float32).reshape(-1, classes)
probabilities = probabilities.astype(np.float64)
probabilities /= probabilities.sum(axis=1, keepdims=True)

flagged = {}
for filter_by in ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"]:
    issues = find_label_issues(labels, probabilities, filter_by=filter_by, n_jobs=1)
    flagged[filter_by] = np.flatnonzero(issues).tolist()
print(json.dumps({"version": cleanlab.__version__, "flagged": flagged}))
