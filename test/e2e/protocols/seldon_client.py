"""Seldon's own client by the paths of an ingress, with and without rows of numbers."""
import json
import sys

import numpy as np
from seldon_core.seldon_client import SeldonClient

address = sys.argv[1]
client = SeldonClient(
    deployment_name="hello",
    namespace="prod",
    gateway="ambassador",
    gateway_endpoint=address,
    client_return_type="dict",
)
data = np.array([[1.0, 2.0], [3.0, 4.5]])
answers = [
    client.predict(transport="rest", data=data, payload_type=kind, names=["a", "b"]) for kind in ("ndarray", "tensor")
]
component = SeldonClient(microservice_endpoint=address, client_return_type="dict")
refused = component.microservice(transport="rest", method="route", data=data, payload_type="ndarray")
print(
    json.dumps(
        {
            "success": [answer.success for answer in answers],
            "data": [answer.response["data"] for answer in answers],
            "refused": [refused.success, refused.response.status.info],
        }
    )
)
