/** `POST /v1/classify` on a fake encoder: labels by their scores, and what is refused. */
import { expect, test } from 'vitest';
import { fakeClassifier, fakeEmbedder, fakeEncoder } from '../support/fake-encoder.js';
import { fakeServer } from '../support/fake-server.js';

function start(served = fakeClassifier) {
  const { encoder, replica } = fakeEncoder(served);
  const server = fakeServer({ models: [replica] });
  return { encoder, classify: (body: object) => server.post('/v1/classify', { input: 'Hi', ...body }), ...server };
}

const head = { task: 'classify', labels: ['bad', 'fine', 'good'] } as const;
const total = (scores: readonly { readonly score: number }[]) => scores.reduce((sum, { score }) => sum + score, 0);

test('labels that exclude each other have scores that add up to 1, the likeliest first', async () => {
  const { classify, encoder } = start();
  encoder.row = (ids) => (ids.length === 4 ? [0, Math.log(3), Math.log(4)] : [1000, -1000, 0]);
  const answer = await classify({ input: ['Hi', 'a'] });
  expect(answer.statusCode).toBe(200);
  const { data, ...rest } = answer.json();
  expect(rest).toEqual({ object: 'list', model: 'fake-classifier', usage: { prompt_tokens: 7, total_tokens: 7 } });
  expect(data).toHaveLength(2);
  expect(data[0]).toMatchObject({ object: 'classification', index: 0, label: 'good' });
  expect(data[0].scores.map(({ label }: { label: string }) => label)).toEqual(['good', 'fine', 'bad']);
  for (const [at, share] of [4 / 8, 3 / 8, 1 / 8].entries()) expect(data[0].scores[at].score).toBeCloseTo(share, 6);
  expect(data[1]).toMatchObject({ index: 1, label: 'bad' });
  expect(total(data[1].scores)).toBeCloseTo(1, 12);
});

test('labels that stand by themselves have scores of their own', async () => {
  const { classify, encoder } = start({ ...fakeClassifier, head: { ...head, scores: 'sigmoid' } });
  encoder.row = () => [0, Math.log(3), -1000];
  const [entry] = (await classify({})).json().data;
  expect(entry.label).toBe('fine');
  for (const [at, score] of [0.75, 0.5, 0].entries()) expect(entry.scores[at].score).toBeCloseTo(score, 6);
});

test('of equal scores the label that the model names first is first', async () => {
  const { classify, encoder } = start();
  encoder.row = () => [1, 1, 1];
  const [entry] = (await classify({})).json().data;
  expect(entry.scores.map(({ label }: { label: string }) => label)).toEqual(['bad', 'fine', 'good']);
});

test.each<[string, object, string]>([
  ['none', { input: undefined }, 'input'],
  ['an empty text', { input: ['a', ''] }, 'input[1]'],
  ['a field of embeddings', { dimensions: 2 }, 'dimensions'],
])('%s is refused', async (_, body, param) => {
  const { classify, encoder } = start();
  const answer = await classify(body);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.param).toBe(param);
  expect(encoder.requests).toEqual([]);
});

test('a model that embeds classifies nothing, and the other way round', async () => {
  const embedder = await start(fakeEmbedder).classify({});
  expect(embedder.json().error).toMatchObject({ code: 'invalid_value', param: 'model' });
  expect(embedder.json().error.message).toMatch(/^No model .* can classify texts: 'fake-embedder' can embed texts, by/);
  const classifier = await start().post('/v1/embeddings', { input: 'a' });
  expect(classifier.json().error.message).toMatch(
    /^No model .* can embed texts: 'fake-classifier' can classify texts, by \/v1\/classify\.$/,
  );
});

test('the list of models names the labels', async () => {
  const { app } = start();
  const [model] = (await app.inject('/v1/models')).json().data;
  expect(model.octavo).toMatchObject({ task: 'classify', labels: head.labels, capabilities: ['classify'] });
});
