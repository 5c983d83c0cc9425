"""Flask with scikit-learn, as the workload had it: `gunicorn serve_intent:app`. TEXTS names a JSONL file to learn from."""
import json
import os

from flask import Flask, jsonify, request
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

with open(os.environ["TEXTS"], encoding="utf-8") as file:
    rows = [json.loads(line) for line in file]
model = make_pipeline(CountVectorizer(), MultinomialNB())
model.fit([row["text"] for row in rows], [row["intent"] for row in rows])
app = Flask(__name__)


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.post("/predict")
def predict():
    return jsonify(intent=str(model.predict([request.get_json()["text"]])[0]))
