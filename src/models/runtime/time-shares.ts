/** Which execution provider, and which of its operators, the time of a graph goes to. */
import { ourProvider } from './ort-provider-names.js';
import type { TimedPart, TimedRun } from './profile-file.js';

export interface ProviderTime {
  /** As the configuration names it where it does: `cpu`, `webgpu`, `cuda`. */
  readonly provider: string;
  readonly millis: number;
  /** The heaviest first. */
  readonly operators: readonly { readonly operator: string; readonly millis: number }[];
}

/** Milliseconds of one step. */
export interface TimeShares {
  readonly millis: number;
  /** The one with most of the time first. */
  readonly providers: readonly ProviderTime[];
  /** In no operator: launches, copies between host and device, waits. */
  readonly between: number;
  /**
   * `device`: the time of its provider is that of its kernels by its own clock. `host`: of a provider that does not time
   * them, what it takes to launch them; the host waits for them in a copy, `between`.
   */
  readonly clock: 'host' | 'device';
}

/** `runs` make up `steps` steps. */
export function timeShares(runs: readonly TimedRun[], steps: number): TimeShares {
  const nodes = runs.flatMap((run) => run.nodes);
  const kernels = runs.flatMap((run) => run.kernels);
  const device = nodes.map(({ provider }) => nameOf(provider)).find((provider) => provider !== 'cpu');
  const timed = device !== undefined && kernels.length > 0;
  const parts = nodes
    .map((node) => ({ ...node, provider: nameOf(node.provider) }))
    .filter(({ provider, operator }) => !(timed && provider === device) && !isCopy(operator));
  if (timed) parts.push(...kernels.map((kernel) => ({ ...kernel, provider: device })));
  const names = [...new Set(parts.map(({ provider }) => provider))];
  const providers = names
    .map((provider) =>
      providerTime(
        provider,
        parts.filter((part) => part.provider === provider),
        steps,
      ),
    )
    .toSorted((a, b) => b.millis - a.millis);
  const millis = sum(runs) / 1000 / steps;
  const known = providers.reduce((total, provider) => total + provider.millis, 0);
  return { millis, providers, between: Math.max(0, millis - known), clock: timed ? 'device' : 'host' };
}

function nameOf(provider: string | null): string {
  return ourProvider(provider ?? '') ?? provider ?? '';
}

function providerTime(provider: string, parts: readonly TimedPart[], steps: number): ProviderTime {
  const names = [...new Set(parts.map(({ operator }) => operator))];
  const operators = names.map((operator) => {
    const those = parts.filter((part) => part.operator === operator);
    return { operator, millis: sum(those) / 1000 / steps };
  });
  return {
    provider,
    millis: sum(parts) / 1000 / steps,
    operators: operators.toSorted((a, b) => b.millis - a.millis),
  };
}

/** What ONNX Runtime adds where a value crosses between host and device. */
function isCopy(operator: string): boolean {
  return operator.startsWith('Memcpy');
}

function sum(parts: readonly { readonly micros: number }[]): number {
  return parts.reduce((total, { micros }) => total + micros, 0);
}
