/** @file MLflow's own description of a model, so that its tools load the ONNX file. */
import type { Datatype, TensorSignature } from "../../model/signature.ts";
import type { Artifact } from "../types.ts";

/** The file `MLmodel`: YAML, of which JSON is a part. */
export function printMlmodel({ signature, createdAt }: Omit<Artifact, "aliases">, runId: string, uuid: string): string {
  const file = "model.onnx";
  const providers = ["CPUExecutionProvider"];
  const whole = {
    artifact_path: "model",
    flavors: {
      onnx: { onnx_version: null, data: file, providers, onnx_session_options: null, code: null },
      python_function: { loader_module: "mlflow.onnx", data: file, env: {}, python_version: null },
    },
    model_uuid: uuid,
    run_id: runId,
    signature: { inputs: toSchema(signature.inputs), outputs: toSchema(signature.outputs), params: null },
    utc_time_created: createdAt.replace("T", " ").replace("Z", "000"),
  };
  return `${JSON.stringify(whole, null, 1)}\n`;
}

/** A text that holds JSON, as MLflow has it. */
function toSchema(tensors: readonly TensorSignature[]): string {
  return JSON.stringify(
    tensors.map(({ name, datatype, shape }) => {
      const wide = shape.map((size, axis) => (axis === 0 ? -1 : size));
      return { type: "tensor", name, "tensor-spec": { dtype: dtypes[datatype], shape: wide } };
    }),
  );
}

/** NumPy's names. */
const dtypes: Readonly<Record<Datatype, string>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "object",
};
