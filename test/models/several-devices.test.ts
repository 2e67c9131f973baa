/** Which replica of a model runs where, and what of a device's memory it has. */
import { describe, expect, it } from 'vitest';
import { deviceList } from '#octavo/device-name.js';
import { loadModel } from '#octavo/models/load-model.js';
import { mostOnOneDevice, replicaDevices } from '#octavo/models/load-options.js';
import { embeddedModel, golden } from '../support/concierge.js';
import { generateAlone } from '../support/steps.js';
import { buildTinyEncoder } from '../support/tiny-encoder.js';

const options = { name: null, rows: 8, context: 128, runtime: 'auto', threads: 2 } as const;

describe('names of devices', () => {
  it.each([
    ['cuda:0,cuda:1', ['cuda:0', 'cuda:1']],
    ['cpu, cpu', ['cpu', 'cpu']],
    ['auto', ['auto']],
    ['webgpu,cpu,webgpu:0', ['webgpu', 'cpu', 'webgpu:0']],
    ['cuda+cuda:1,cuda:2+cuda:3', ['cuda+cuda:1', 'cuda:2+cuda:3']],
  ])('%s', (text, names) => {
    expect(deviceList().parse(text)).toEqual(names);
  });

  it.each([
    ['', /expected auto or one of cpu/],
    ['cuda,', /or several of these with commas/],
    ['cuda,gpu', /or several of these with commas/],
    ['auto,cpu', /auto stands alone/],
    ['webgpu,webgpu:1', /WebGPU has one device in a process/],
    ['webgpu+webgpu:1', /WebGPU has one device in a process/],
    ['cuda+', /or a group of them, as cuda:0\+cuda:1/],
  ])('"%s" is refused', (text, message) => {
    expect(deviceList().safeParse(text).error?.message).toMatch(message);
  });
});

describe('the devices of replicas', () => {
  it.each([
    ['cpu', null, ['cpu']],
    ['cpu', 3, ['cpu', 'cpu', 'cpu']],
    [['cuda', 'cuda:1'], null, ['cuda', 'cuda:1']],
    [['cuda', 'cuda:1'], 2, ['cuda', 'cuda:1']],
  ] as const)('%j, %j', (device, replicas, expected) => {
    expect(replicaDevices({ device, replicas })).toEqual(expected);
  });

  it.each([
    [['cuda', 'cuda:1'], 1],
    [['cuda', 'cuda:0', 'cuda:1'], 2],
    [['auto', 'auto'], 2],
    [['cuda+cuda:1'], 0.5],
    [['cpu+cpu', 'cpu'], 2],
  ] as const)('%j: one has at most %d', (devices, most) => {
    expect(mostOnOneDevice(devices)).toBe(most);
  });

  it('have a replica each, with the same tokens, which divide the memory of the device that they share', async () => {
    const alone = await loadModel({ ...options, folder: embeddedModel, device: 'cpu' });
    const { kvMemory } = alone;
    const both = await loadModel({ ...options, folder: embeddedModel, device: ['cpu', 'cpu'], kvMemory });
    if (alone.kind !== 'decoder' || both.kind !== 'decoder') throw new Error('the embedded model generates');
    expect(both.model.runtime).toMatchObject({ provider: 'cpu', devices: ['cpu', 'cpu'], threads: 1 });
    expect(both.replicas.map(({ rows }) => rows)).toEqual([alone.engine.rows / 2, alone.engine.rows / 2]);
    const { prompt_ids } = golden[0]!;
    const tokens = await generateAlone(alone.engine, prompt_ids, 6);
    for (const replica of both.replicas) expect(await generateAlone(replica, prompt_ids, 6)).toEqual(tokens);
    await alone.close();
    await both.close();
  });

  it('an encoder has the first of them', async () => {
    const folder = await buildTinyEncoder({ task: 'embed' });
    const loaded = await loadModel({ ...options, folder, device: ['cpu', 'webgpu'] });
    expect(loaded.model.runtime.devices).toEqual(['cpu']);
    await loaded.close();
  });
});
