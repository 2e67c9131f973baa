/** Which provider, and which of its operators, a model's steps spend their time in, as a person reads it. */
import type { ProfiledStep } from '../models/profile-model.js';

export function formatProfile(profiled: readonly ProfiledStep[]): string {
  return profiled.map(formatStep).join('');
}

/** Operators that are named of each provider. */
const named = 4;

function formatStep({ step, shares }: ProfiledStep): string {
  const { millis, providers, between, clock } = shares;
  const line = (what: string, time: number, rest: string) =>
    `  ${what.padEnd(9)}${share(time, millis).padStart(4)} ${time.toFixed(2).padStart(10)} ms   ${rest}\n`;
  const lines = providers.map(({ provider, millis: time, operators }) => {
    const heaviest = operators.slice(0, named).map((one) => `${one.operator} ${share(one.millis, millis)}`);
    const how =
      provider === 'cpu' ? '' : clock === 'device' ? '; by its own clock' : '; launches alone, it times no kernels';
    return line(provider, time, `${heaviest.join(', ')}${how}`);
  });
  const rest = line('between', between, 'in no operator: launches, copies, waits, the profile itself');
  return `\n${step}, ${millis.toFixed(2)} ms with a profile written\n${lines.join('')}${rest}`;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)}%`;
}
