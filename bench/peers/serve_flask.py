"""Flask with PyTorch, as the workload had it: `python serve_flask.py PORT` is the development server; gunicorn takes `serve_flask:app`."""
import os
import sys

import torch
from flask import Flask, jsonify, request

import digits_net

if "THREADS" in os.environ:
    torch.set_num_threads(int(os.environ["THREADS"]))
app = Flask(__name__)
model = digits_net.load()


@app.get("/healthz")
def health():
    return "ok"


@app.post("/predict")
def predict():
    with torch.no_grad():
        answer = model(torch.from_numpy(digits_net.pixels(request.files["file"].read())))
    return jsonify(prediction=int(answer.argmax()))


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
