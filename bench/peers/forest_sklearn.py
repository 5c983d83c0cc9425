"""RandomForestClassifier on two threads: one fit to warm up, then as many as the spec says."""
import json
import sys
import time

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier

spec = json.loads(sys.argv[1])
rows, columns = spec["rows"], spec["columns"]
x = np.fromfile(spec["x"], dtype="<f4").reshape(rows, columns)
y = np.fromfile(spec["y"], dtype=np.uint8)
count = rows - rows // 5


def fit():
    forest = RandomForestClassifier(
        n_estimators=spec["trees"], max_depth=spec["depth"], n_jobs=2, random_state=spec["seed"]
    )
    return forest.fit(x[:count], y[:count])


forest = fit()
seconds = []
for _ in range(spec["fits"]):
    started = time.perf_counter()
    forest = fit()
    seconds.append(time.perf_counter() - started)
accuracy = float(forest.score(x[count:], y[count:]))
print(json.dumps({"seconds": seconds, "accuracy": accuracy, "version": f"scikit-learn {sklearn.__version__}"}))
