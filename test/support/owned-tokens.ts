/** Token ids that say whose they are, and what a sequence of them says alone, from the definition. */
import type { FinishReason, GenerationRequest } from '#octavo/batcher/generation.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import type { Detokenizer } from '#octavo/models/served-model.js';

/** A token is `owner * span + value`. */
const span = 64;

export const ownerOf = (token: number): number => Math.floor(token / span);
export const ownedToken = (owner: number, value: number): number => owner * span + (value % span);

/** A request with a prompt of `length` tokens; everything else has a plain value. */
export function ownedRequest(
  owner: number,
  { length = 3, ...changes }: Partial<GenerationRequest> & { readonly length?: number } = {},
): GenerationRequest {
  return {
    prompt: Array.from({ length }, (_, i) => ownedToken(owner, i * 7 + owner)),
    maxTokens: 4,
    sampling: greedy,
    tenant: '',
    stopStrings: [],
    ...changes,
  };
}

/** The token after `ids`: of the same owner, otherwise a hash of all of them; a stop token is avoided as a sampler does. */
export function tokenAfter(ids: readonly number[], sampling: Sampling, generated: number): number {
  const owner = ownerOf(ids[0] ?? 0);
  let value = ids.reduce((hash, id) => (hash * 31 + id + 7) % 65_521, sampling.seed);
  while (generated < sampling.minTokens && sampling.stopTokens.includes(ownedToken(owner, value))) value++;
  return ownedToken(owner, value);
}

/** Each token is its own number and a space: the text of a sequence is its tokens. */
export const numberDetokenizer = (): Detokenizer => ({ push: (id) => `${id} `, flush: () => '' });

export interface Alone {
  readonly text: string;
  readonly finish: FinishReason;
  readonly tokens: number;
}

/** What the sequence says when nothing disturbs it: token by token, looking for stop strings in all of the text. */
export function saysAlone({ prompt, maxTokens, sampling, stopStrings }: GenerationRequest): Alone {
  const ids = [...prompt];
  let text = '';
  // Stop strings lie in the text after the minimum length.
  let searched = 0;
  for (let tokens = 1; ; tokens++) {
    const token = tokenAfter(ids, sampling, tokens - 1);
    ids.push(token);
    if (sampling.stopTokens.includes(token)) return { text, finish: 'stop', tokens };
    text += `${token} `;
    if (tokens <= sampling.minTokens) searched = text.length;
    const stop = firstStop(text.slice(searched), stopStrings);
    if (stop !== null) return { text: text.slice(0, searched + stop), finish: 'stop', tokens };
    if (tokens === maxTokens) return { text, finish: 'length', tokens };
  }
}

/** Where the stop string that ends first begins; of several that end there, the longest. */
export function firstStop(text: string, stops: readonly string[]): number | null {
  for (let end = 1; end <= text.length; end++) {
    const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    if (ending.length > 0) return end - Math.max(...ending.map((stop) => stop.length));
  }
  return null;
}
