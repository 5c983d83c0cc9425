import type { Prediction } from "../../project/types.ts";
import { createAskHandler, type AskRoute } from "../ask.ts";
import { inputInvalid } from "../errors.ts";
import { readColumns, readObject } from "../inputs/json.ts";
import { describeJson } from "../pages/describe.ts";
import { examplePrediction } from "../prediction.ts";
import type { Operation, Protocol, Service } from "../service.ts";
import { describeColumns, describeText, readMember, readUpload } from "./routes.ts";

const path = "/playground/predict";
const field = "image";

/** What the page at / asks: the whole prediction, whatever the project's own routes make of it, and the server's time for it. */
export const playground: Protocol = {
  name: "playground",
  register(table, service) {
    if (service.host === undefined) return;
    const toJson = (prediction: Prediction): string => JSON.stringify(prediction);
    table.add(
      "POST",
      path,
      createAskHandler(service, { protocol: "playground", ...readAny(service), toJson, timed: true }),
    );
  },
  describe(service) {
    const { host } = service;
    if (host === undefined) return [];
    const { artifact, face } = host.current;
    const example: unknown = JSON.parse(JSON.stringify(examplePrediction(artifact.name, face.output)));
    const operation: Operation = {
      method: "POST",
      path,
      summary: "The whole prediction, for the playground",
      answer: describeJson(example),
    };
    if (face.input.kind === "image") return [{ ...operation, field }];
    if (face.input.kind === "text") return [{ ...operation, body: describeText("text") }];
    if (face.input.kind === "features") return [{ ...operation, body: describeColumns(service) }];
    // Plain tensors have no form to fill in: the protocols are for those.
    return [];
  },
};

/** By what the model that serves takes; a refresh may change that. */
function readAny(service: Service): Pick<AskRoute, "toRow"> {
  const upload = readUpload(field, service);
  const text = readMember("text");
  return {
    toRow(body, contentType, model, sent) {
      const { input } = model.face;
      if (input.kind === "image") return upload.toRow(body, contentType, model, sent);
      if (input.kind === "text") return text.toRow(body, contentType, model, sent);
      if (input.kind === "features")
        return readColumns(readObject(body, "an object of columns"), "", model, input.names);
      throw inputInvalid({
        path: "the body",
        seen: "for a model of plain tensors",
        wanted: "the Open Inference Protocol, /v2",
      });
    },
  };
}
