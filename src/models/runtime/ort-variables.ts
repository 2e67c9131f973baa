/** What ONNX Runtime is told by variables of the environment, since it takes it in no other way. */

/**
 * To be called before the library is loaded, in the main thread: only there a variable reaches native code.
 *
 * It reports sessions and models to its makers unless it is told not to; from here nothing leaves the machine unasked. The official
 * builds for Linux and macOS (1.29 and newer, docs/Privacy.md of ONNX Runtime) read that once, and make no identifier, cache or
 * upload then.
 *
 * Its tiled attention (1.30, CPU) cuts a row's cache into parts where there are fewer heads of all rows than threads, so that a row's
 * bits would depend on how many others there are; the other way is as fast for prompts, and faster for many rows.
 */
export function setOrtVariables(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  process.env.ORT_GQA_DISABLE_FLASH_ATTENTION = '1';
}
