import { describeRuntime } from './conformance.js';

describeRuntime('ort-c-api');
