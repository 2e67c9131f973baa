/** Chooses how ONNX Runtime is reached, and says why. */
import { findOrtLibrary, namedOrtLibrary } from './ort-library.js';
import { setOrtVariables } from './ort-variables.js';
import type { Runtime, RuntimeName } from './runtime.js';

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
  setOrtVariables();
  if (preference === 'onnxruntime-node') return { runtime: await openFallback(), reason: 'chosen by configuration' };
  try {
    const { openOrtRuntime } = await import('./ort-session.js');
    return { runtime: openOrtRuntime(findOrtLibrary()), reason: '' };
  } catch (error) {
    // Who names a library wants it.
    if (preference !== 'auto' || namedOrtLibrary() !== null) throw error;
    return { runtime: await openFallback(), reason: (error as Error).message };
  }
}

async function openFallback(): Promise<Runtime> {
  const { openNodeRuntime } = await import('./node-session.js');
  return openNodeRuntime();
}
