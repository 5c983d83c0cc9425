/**
 * onnxruntime reports sessions and models to its makers from Linux as well since 1.29, unless this variable is set when its
 * library starts. Workers have a copy of the environment that the library does not see, so the main thread must set it, early.
 * Whoever wants the reports sets the variable to 0.
 */
export function switchTelemetryOff(): void {
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
}
