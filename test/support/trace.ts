/** Real arrival times and lengths, as Azure published them (AzurePublicDataset, LLM inference traces of 2023). */
import { readFileSync } from 'node:fs';

export interface Arrival {
  /** Milliseconds after the first. */
  readonly at: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** Reads `TIMESTAMP,ContextTokens,GeneratedTokens`. */
export function readTrace(path: string): Arrival[] {
  const [, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const rows = lines.map((line) => line.split(','));
  const times = rows.map(([time]) => Date.parse(`${time?.slice(0, 23).replace(' ', 'T')}Z`));
  return rows.map(([, prompt, output], index) => ({
    at: times[index]! - times[0]!,
    promptTokens: Number(prompt),
    outputTokens: Number(output),
  }));
}

export interface Stretch {
  /** The trace is repeated until there are so many. */
  readonly count: number;
  /** Times as long between two arrivals. */
  readonly slower: number;
  /** Longer prompts are cut to so many tokens. */
  readonly longest: number;
}

export function stretchTrace(trace: readonly Arrival[], { count, slower, longest }: Stretch): Arrival[] {
  const last = trace.at(-1)?.at ?? 0;
  const period = last + last / trace.length;
  return Array.from({ length: count }, (_, index) => {
    const { at, promptTokens, outputTokens } = trace[index % trace.length]!;
    const start = Math.floor(index / trace.length) * period;
    return { at: (start + at) * slower, promptTokens: Math.min(promptTokens, longest), outputTokens };
  });
}
