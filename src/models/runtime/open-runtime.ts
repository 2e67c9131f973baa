/** Chooses how ONNX Runtime is reached and which execution provider runs the model, and says why. */
import { OctavoError } from '../../errors.js';
import { findOrtLibrary } from './ort-library.js';
import type { ProviderName, Runtime, RuntimeName } from './runtime.js';

export interface RuntimeChoice {
  readonly runtime: Runtime;
  /** Why the other implementation was not taken; empty when the first choice was. */
  readonly reason: string;
}

/**
 * Opens the runtime: with `auto` the C API, or onnxruntime-node's binding where the C API cannot be had.
 * Throws `runtime_unavailable`. The modules are imported late because a process may load only one of them.
 */
export async function openRuntime(preference: RuntimeName | 'auto'): Promise<RuntimeChoice> {
  if (preference === 'onnxruntime-node') return { runtime: await openFallback(), reason: 'chosen by configuration' };
  try {
    const { openOrtRuntime } = await import('./ort-session.js');
    return { runtime: openOrtRuntime(findOrtLibrary()), reason: '' };
  } catch (error) {
    if (preference !== 'auto') throw error;
    return { runtime: await openFallback(), reason: (error as Error).message };
  }
}

async function openFallback(): Promise<Runtime> {
  const { openNodeRuntime } = await import('./node-session.js');
  return openNodeRuntime();
}

export interface ProviderChoice {
  readonly provider: ProviderName;
  readonly reason: string;
}

/** Resolves the configured provider against what the library carries. Throws `runtime_unavailable` naming what there is. */
export function chooseProvider(preference: ProviderName | 'auto', runtime: Runtime): ProviderChoice {
  if (preference === 'auto') return { provider: 'cpu', reason: 'the provider that INT8 graphs are built for' };
  if (runtime.providers.includes(preference)) return { provider: preference, reason: 'chosen by configuration' };
  throw new OctavoError(
    'runtime_unavailable',
    `This build of ONNX Runtime (${runtime.version}) has no ${preference} provider; it has ${runtime.providers.join(', ')}.`,
  );
}
