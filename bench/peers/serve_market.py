"""FastAPI with scikit-learn, as the workload had it, with its data in memory: `uvicorn serve_market:app`. ROWS names a JSONL file of features and directions, oldest first; it is asked about the last. KEEP=1: the answer of the model is kept too."""
import json
import os

import numpy as np
from fastapi import FastAPI, Query
from sklearn.ensemble import RandomForestClassifier

columns = ["return", "ma_3", "ma_5", "volatility_3"]
with open(os.environ["ROWS"], encoding="utf-8") as file:
    rows = [json.loads(line) for line in file]
features = np.array([[row[column] for column in columns] for row in rows], dtype=np.float32)
model = RandomForestClassifier(n_estimators=int(os.environ["TREES"]), max_depth=int(os.environ["DEPTH"]), random_state=1)
model.fit(features[:-1], [row["direction"] for row in rows[:-1]])
up = list(model.classes_).index("UP")
kept = float(model.predict_proba(features[-1:])[0][up]) if os.environ.get("KEEP") == "1" else None
app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/predictionForTomorrow")
def predict(threshold: float = Query(default=0.5, ge=0, le=1)):
    confidence = kept if kept is not None else float(model.predict_proba(features[-1:])[0][up])
    return {
        "prediction": "UP" if confidence >= threshold else "DOWN",
        "confidence": confidence,
        "threshold": threshold,
        "model_source": "memory",
        "model_alias": "champion",
    }
