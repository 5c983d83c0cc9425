"""KServe's own client against a running server: readiness, inference by V1 and v2, and how errors arrive."""
import asyncio
import json
import sys

import httpx
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

url, model, text = sys.argv[1], sys.argv[2], sys.argv[3]


async def refused(call):
    try:
        await call
    except httpx.HTTPStatusError as error:
        return [error.response.status_code, str(error)]
    return "not refused"


async def main():
    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    wanted = InferInput(name="text", shape=[2], datatype="BYTES", data=[text, "pizza"])
    request = InferRequest(model_name=model, request_id="r-1", infer_inputs=[wanted])
    answer = await v2.infer(url, request, model_name=model)
    probabilities = answer.outputs[0].as_numpy()
    wrong = InferInput(name="words", shape=[1], datatype="BYTES", data=[text])
    print(
        json.dumps(
            {
                "ready": [
                    await v2.is_server_live(url),
                    await v2.is_server_ready(url),
                    await v2.is_model_ready(url, model),
                    await v1.is_model_ready(url, model),
                    await v2.is_model_ready(url, "nobody"),
                ],
                "v1": await v1.infer(url, {"instances": [text, ["pizza"]]}, model_name=model),
                "v2": {
                    "id": answer.id,
                    "model": answer.model_name,
                    "shape": list(probabilities.shape),
                    "best": probabilities.argmax(axis=1).tolist(),
                },
                "errors": [
                    await refused(v1.infer(url, {"instances": [1]}, model_name=model)),
                    await refused(
                        v2.infer(
                            url,
                            InferRequest(model_name=model, infer_inputs=[wrong]),
                            model_name=model,
                        )
                    ),
                ],
            }
        )
    )


asyncio.run(main())
