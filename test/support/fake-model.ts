/** A model without weights: a token is a character, ids are its Latin-1 code. */
import type { ChatMessage, Detokenizer, ServedModel, Tokenizer } from '#octavo/models/served-model.js';

const fakeTokenizer: Tokenizer = {
  vocabSize: 256,
  maxCharacters: (maxTokens) => maxTokens * 4,
  encode: async (text) => [...text].map((character) => (character.codePointAt(0) ?? 0) % 256),
  decode: (ids) => String.fromCharCode(...ids),
  stream: (): Detokenizer => ({ push: (id) => String.fromCharCode(id), flush: () => '' }),
};

export const fakeModel: ServedModel = {
  id: 'fake',
  created: 1_700_000_000,
  architecture: 'fake',
  precision: 'int8',
  kvCache: 'float32',
  encodesPrompts: false,
  contextLength: 100,
  endTokens: [0],
  tokenizer: fakeTokenizer,
  chatTemplate: {
    render: (messages: readonly ChatMessage[]) => messages.map(({ role, content }) => `<${role}>${content}`).join(''),
  },
  defaults: {},
  runtime: {
    runtime: 'fake',
    runtimeReason: 'it is asked for',
    version: '1',
    provider: 'cpu',
    providerReason: 'there is no other',
    devices: ['cpu'],
    threads: 1,
    placement: '',
    rows: 4,
  },
  remarks: [],
  receipt: null,
};
