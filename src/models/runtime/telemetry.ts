/** ONNX Runtime reports sessions and models to its makers unless it is told not to; from here nothing leaves the machine unasked. */

/**
 * To be called before the library is loaded, in the main thread: only there a variable reaches native code. The official builds
 * for Linux and macOS (1.29 and newer, docs/Privacy.md of ONNX Runtime) read it once, and make no identifier, cache or upload then.
 */
export function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
