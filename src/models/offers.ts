/** What this machine and its ONNX Runtime offer for models to run on: each provider tried, not only listed. */
import type { ProviderName } from '../device-name.js';
import { GraphBuilder } from './build/graph/graph-builder.js';
import { encodeInline } from './build/onnx/model-writer.js';
import { type Precision, precisions } from './manifest.js';
import { askProcess } from './own-process.js';
import { candidateDevices, conciseReason, describeDevice, describeGpu } from './runtime/device.js';
import { openRuntime } from './runtime/open-runtime.js';
import { findOrtLibrary, useOrtLibrary } from './runtime/ort-library.js';
import { ortProviders } from './runtime/ort-provider-names.js';
import { type Runtime, zeros } from './runtime/runtime.js';

export interface ProviderOffer {
  readonly name: ProviderName;
  /** Why a graph cannot run on it here; `null`: one has. */
  readonly problem: string | null;
  /** Where all nodes of a decoder run on it, its decode steps are captured and repeated. */
  readonly captures: boolean;
}

export interface Offers {
  readonly runtime: string;
  /** Why it is not the first choice; empty when it is. */
  readonly runtimeReason: string;
  readonly version: string;
  /** The library's file; `null` where the binding brings its own. */
  readonly library: string | null;
  /** Each in words. */
  readonly gpus: readonly string[];
  readonly providers: readonly ProviderOffer[];
  /** Where `--device auto` would run a model of each precision, and why. */
  readonly choices: readonly { readonly precision: Precision; readonly device: string; readonly reason: string }[];
}

/** In a process of its own; `ortLibrary` is another build of ONNX Runtime. Throws `runtime_unavailable`. */
export async function askOffers(ortLibrary: string | null): Promise<Offers> {
  useOrtLibrary(ortLibrary);
  return askProcess(new URL('./offers-process.js', import.meta.url), [], 'tries the execution providers');
}

/** Loads ONNX Runtime into this process. Throws `runtime_unavailable`. */
export async function listOffers(): Promise<Offers> {
  const { runtime, reason } = await openRuntime('auto');
  const providers: ProviderOffer[] = [];
  for (const name of runtime.providers) {
    const captures = runtime.name === 'ort-c-api' && ortProviders[name].capture !== undefined;
    providers.push({ name, problem: await tryProvider(runtime, name), captures });
  }
  return {
    runtime: runtime.name,
    runtimeReason: reason,
    version: runtime.version,
    library: runtime.name === 'ort-c-api' ? findOrtLibrary() : null,
    gpus: runtime.gpus.map(describeGpu),
    providers,
    choices: precisions.flatMap((precision) => {
      const works = (name: ProviderName) => providers.some((offer) => offer.name === name && offer.problem === null);
      const choice = candidateDevices('auto', precision, runtime).find(({ provider }) => works(provider));
      return choice === undefined ? [] : [{ precision, device: describeDevice(choice), reason: choice.reason }];
    }),
  };
}

/** Runs a graph of one addition. */
async function tryProvider(runtime: Runtime, provider: ProviderName): Promise<string | null> {
  try {
    const session = await runtime.open(await additionGraph(), { device: { provider, index: 0 }, threads: 1 });
    const sum = zeros('float32', [4]);
    const x = zeros('float32', [4]);
    (x.data as Float32Array).fill(1);
    await session.run(new Map([['x', x]]), new Map([['sum', sum]]));
    await session.close();
    return sum.data.every((value) => value === 2) ? null : `1 + 1 is ${sum.data[0]} there`;
  } catch (error) {
    const { cause } = error as Error;
    return conciseReason(cause instanceof Error ? cause : (error as Error));
  }
}

async function additionGraph(): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: [4] });
  builder.node('Add', 'sum', { inputs: [x, x], outputs: ['sum'] });
  builder.output({ name: 'sum', type: 'float32', dims: [4] });
  return encodeInline(builder.finish());
}
