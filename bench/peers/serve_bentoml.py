"""BentoML with onnxruntime: one service, two workers, one thread each (the faster of what was tried on two cores)."""
import os

import bentoml
import numpy as np
from PIL.Image import Image


@bentoml.service(workers=2, traffic={"timeout": 60, "max_concurrency": 256})
class Digits:
    def __init__(self):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    @bentoml.api
    def predict(self, file: Image) -> dict:
        image = np.asarray(file.convert("L"), dtype=np.uint8)[None, :, :, None]
        return {"prediction": int(self.session.run(None, {self.name: image})[0].argmax())}
