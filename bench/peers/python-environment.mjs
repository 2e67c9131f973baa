/** One Python environment for OpenVINO and onnxruntime-genai: the converters of both read checkpoints with the same libraries. */
import { pythonPackages } from './cache.mjs';

export const openvinoVersion = '2026.4.1.0';
export const genaiVersion = '0.18.0';

const packages = [
  ...[`openvino-genai==${openvinoVersion}`, `openvino-tokenizers==${openvinoVersion}`],
  ...['optimum-intel[openvino]==2.2.0', 'nncf==3.4.0'],
  ...[`onnxruntime-genai==${genaiVersion}`, 'onnx', 'onnx-ir'],
];

/** The interpreter. */
export function pythonEnvironment() {
  return pythonPackages('python', packages);
}
