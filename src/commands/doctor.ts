/** `octavo doctor`: what this machine offers, what would be chosen on it, and why. */
import { engineOptions } from '../engine-options.js';
import { countThreads } from '../machine.js';
import { askOffers, type Offers, type ProviderOffer } from '../models/offers.js';
import { machineInfo } from '../models/receipt/machine.js';
import { type MachineLimits, measureLimits } from '../models/roofline/machine-limits.js';
import { describeOptions, type OptionTable, parseOptions, refusePositionals, toggle } from '../options.js';
import { describeLimits } from './bench-roofline.js';
import type { Command } from './command.js';

const doctorOptions = {
  ortLibrary: engineOptions.ortLibrary,
  json: { schema: toggle(), help: 'Print one JSON object' },
} as const satisfies OptionTable;

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Show what this machine offers to run models on, and what would be chosen',
  help: `Usage: octavo doctor [options]

Shows the processor and what of it INT8 uses, the memory's bandwidth and the rate of 8-bit products as measured now,
ONNX Runtime and its execution providers, each tried with a small graph, and which capture decode steps, the GPUs it
found, and where "--device auto" would run a build of each precision, and why.

${describeOptions(doctorOptions)}
`,
  run: async (argv, env) => {
    const { values, positionals } = parseOptions(doctorOptions, { argv, env });
    refusePositionals(positionals);
    const machine = machineInfo();
    const offers = await askOffers(values.ortLibrary);
    const limits = await measureLimits(countThreads().threads);
    process.stdout.write(
      values.json ? `${JSON.stringify({ machine, limits, ...offers }, null, 2)}\n` : describe(machine, limits, offers),
    );
  },
};

function describe(machine: ReturnType<typeof machineInfo>, limits: MachineLimits, offers: Offers): string {
  const { runtime, runtimeReason, version, library, gpus, providers, choices } = offers;
  return `processor  ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}
           for INT8: ${machine.features.join(', ') || 'no features known'}
           ${describeLimits(limits)}
runtime    ONNX Runtime ${version}, ${runtime}${runtimeReason === '' ? '' : ` (${runtimeReason})`}
           ${library ?? "the binding's own library"}
GPUs       ${gpus.join('\n           ') || 'none found'}

provider
${providers.map((offer) => `  ${offer.name.padEnd(11)}${describeOffer(offer)}`).join('\n')}

--device auto
${choices.map(({ precision, device, reason }) => `  ${precision.padEnd(17)}${device}: ${reason}`).join('\n')}
`;
}

/** Which graphs are captured is known when one is loaded: the start of a server tells it, and why not. */
function describeOffer({ problem, captures }: ProviderOffer): string {
  if (problem !== null) return problem;
  return captures ? 'runs; captures decode steps of graphs that it runs whole' : 'runs';
}
