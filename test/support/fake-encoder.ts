/** An encoder without a model: the row of a text follows from its ids. */
import type { EncodeQueue, EncodeRequest } from '#octavo/batcher/encoding.js';
import type { EncoderHead, ServedEncoder } from '#octavo/models/served-model.js';
import type { EncodingReplica } from '#octavo/server/dependencies.js';
import { fakeModel } from './fake-model.js';

/** A token is a character; `<` and `>` are the special tokens around a text. */
const codes = (text: string) => [...text].map((character) => (character.codePointAt(0) ?? 0) % 256);
const [begin, end] = codes('<>') as [number, number];

const model = (id: string, head: EncoderHead): ServedEncoder => ({
  ...{ id, head, created: 1_700_000_000, architecture: 'fake', precision: 'int8', contextLength: 20 },
  ...{ runtime: fakeModel.runtime, remarks: [], receipt: null },
  tokenizer: {
    vocabSize: 256,
    minTokens: 3,
    maxCharacters: (maxTokens) => maxTokens * 4,
    encode: async (text, { addSpecialTokens }) => (addSpecialTokens ? [begin, ...codes(text), end] : codes(text)),
    cut: (ids, length) => (ids.length <= length ? ids : [...ids.slice(0, length - 1), end]),
  },
});

export const fakeEmbedder = model('fake-embedder', { task: 'embed', dimensions: 4 });

export const fakeClassifier = model('fake-classifier', {
  ...{ task: 'classify', labels: ['bad', 'fine', 'good'], scores: 'softmax' },
});

export class FakeEncodeQueue implements EncodeQueue {
  readonly requests: EncodeRequest[] = [];
  /** Thrown when the server asks whether there is room. */
  refusal: Error | null = null;
  /** The row of a text. */
  row: (ids: readonly number[]) => readonly number[] = (ids) => [ids.length, ids[1] ?? 0, 0, 0];
  /** What comes before a request is answered; it may never come. */
  before: (request: EncodeRequest) => Promise<void> = async () => {};

  checkOpen(): void {
    if (this.refusal) throw this.refusal;
  }

  async encode(request: EncodeRequest): Promise<readonly Float32Array[]> {
    this.requests.push(request);
    await this.before(request);
    return request.texts.map((ids) => Float32Array.from(this.row(ids)));
  }

  retryAfterSeconds(): number {
    return 7;
  }
}

export function fakeEncoder(served: ServedEncoder = fakeEmbedder) {
  const encoder = new FakeEncodeQueue();
  const replica: EncodingReplica = { kind: 'encoder', model: served, encoder };
  return { encoder, replica };
}
