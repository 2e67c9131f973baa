/** The receipt in `/v1/models`. */
import { expect, it } from 'vitest';
import { FakeGenerator } from '../support/fake-generator.js';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer, listen } from '../support/fake-server.js';
import { exampleReceipt } from '../support/receipt.js';

it('shows the receipt of a model, whole', async () => {
  const model = { ...fakeModel, receipt: exampleReceipt };
  const { client } = await listen(fakeServer({ models: [{ kind: 'decoder', model, generator: new FakeGenerator() }] }));
  expect(await client.models.retrieve('fake')).toMatchObject({ octavo: { receipt: exampleReceipt } });
});

it('shows null for a model that nobody measured', async () => {
  const { client } = await listen(fakeServer());
  expect(await client.models.retrieve('fake')).toMatchObject({ octavo: { receipt: null } });
});
