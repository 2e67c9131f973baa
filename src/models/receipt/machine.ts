/** What a measurement must say of the machine it was made on. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** CPU features that decide how fast INT8 runs. */
const int8Features = ['avx2', 'avx_vnni', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm'];

export function machineInfo() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    features: cpuFeatures(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** Empty where the system does not tell (it does on Linux). */
function cpuFeatures(): string[] {
  try {
    const flags = new Set(
      readFileSync('/proc/cpuinfo', 'utf8')
        .match(/^(?:flags|Features)\s*:(.*)$/m)?.[1]
        ?.split(' '),
    );
    return int8Features.filter((feature) => flags.has(feature));
  } catch {
    return [];
  }
}
