import { describeRuntime } from './conformance.js';

describeRuntime('onnxruntime-node');
