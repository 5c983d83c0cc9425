"""Triton's HTTP client in JSON mode: metadata, inference with several inputs and outputs, versions, and errors."""
import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

address, model = sys.argv[1], sys.argv[2]
client = http.InferenceServerClient(address)

count = http.InferInput("count", [2], "INT64")
count.set_data_from_numpy(np.array([2**53 + 1, -7], dtype=np.int64), binary_data=False)
values = http.InferInput("values", [2, 2, 2], "FP32")
values.set_data_from_numpy(np.arange(8, dtype=np.float32).reshape(2, 2, 2), binary_data=False)
outputs = [http.InferRequestedOutput(name, binary_data=False) for name in ("doubled", "same")]
metadata = client.get_model_metadata(model)


def infer(**more):
    return client.infer(model, [count, values], outputs=outputs, request_id="t-1", **more)


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return "not refused"


result = infer(model_version=metadata["versions"][0])
binary = http.InferInput("count", [2], "INT64")
binary.set_data_from_numpy(np.array([1, 2], dtype=np.int64))
print(
    json.dumps(
        {
            "ready": [
                client.is_server_live(),
                client.is_server_ready(),
                client.is_model_ready(model),
                client.is_model_ready("nobody"),
            ],
            "server": client.get_server_metadata()["name"],
            "metadata": metadata,
            "id": result.get_response()["id"],
            "doubled": result.as_numpy("doubled").tolist(),
            "same": result.as_numpy("same").tolist(),
            "errors": [
                refused(lambda: infer(model_version="1")),
                refused(lambda: client.infer(model, [count], outputs=outputs)),
                refused(lambda: client.infer(model, [binary, values])),
            ],
        }
    )
)
