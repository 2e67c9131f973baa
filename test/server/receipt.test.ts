/** The receipt in `/v1/models`. */
import { expect, it } from 'vitest';
import { fakeClassifier, fakeEmbedder, fakeEncoder } from '../support/fake-encoder.js';
import { FakeGenerator } from '../support/fake-generator.js';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer, listen } from '../support/fake-server.js';
import { exampleReceipt, labelReceipt, vectorReceipt } from '../support/receipt.js';

it('shows the receipt of a model, whole', async () => {
  const model = { ...fakeModel, receipt: exampleReceipt };
  const { client } = await listen(fakeServer({ models: [{ kind: 'decoder', model, generator: new FakeGenerator() }] }));
  expect(await client.models.retrieve('fake')).toMatchObject({ octavo: { receipt: exampleReceipt } });
});

it('shows null for a model that nobody measured', async () => {
  const { client } = await listen(fakeServer());
  expect(await client.models.retrieve('fake')).toMatchObject({ octavo: { receipt: null } });
});

it.each([vectorReceipt, labelReceipt])('shows the receipt of an encoder ($task), whole', async (receipt) => {
  const served = receipt.task === 'embed' ? fakeEmbedder : fakeClassifier;
  const { replica } = fakeEncoder({ ...served, receipt });
  const { client } = await listen(fakeServer({ models: [replica] }));
  expect(await client.models.retrieve(served.id)).toMatchObject({ octavo: { receipt } });
});
