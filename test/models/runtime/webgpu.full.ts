import { useSoftwareGpu } from '../../support/software-gpu.js';
import { describeRuntime } from './conformance.js';

useSoftwareGpu();
describeRuntime('ort-c-api', { provider: 'webgpu', index: 0 }, { prompts: 3, tokens: 6 });
