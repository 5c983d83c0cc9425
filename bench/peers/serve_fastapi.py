"""FastAPI with onnxruntime; run by uvicorn with two workers. The model takes uint8 NHWC rows, as ours is exported."""
import io
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image

app = FastAPI()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name


@app.get("/healthz")
async def health():
    return "ok"


@app.post("/predict")
async def predict(file: UploadFile):
    image = np.asarray(Image.open(io.BytesIO(await file.read())).convert("L"), dtype=np.uint8)[None, :, :, None]
    return {"prediction": int(session.run(None, {name: image})[0].argmax())}
