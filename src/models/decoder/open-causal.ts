/** Opens a decoder of one graph that writes its cache in place: on a device so that decode steps are captured, where that works. */
import path from 'node:path';
import { invariant, OctavoError } from '../../errors.js';
import { type LengthInputs, withGivenLengths } from '../onnx-file/given-lengths.js';
import { conciseReason } from '../runtime/device.js';
import { ortProviders } from '../runtime/ort-provider-names.js';
import type { Session } from '../runtime/runtime.js';
import type { GraphOpener } from '../worker/serve-steps.js';
import { CapturedDecode } from './captured-decode.js';
import { CausalModel } from './causal-model.js';
import { type DecoderPorts, ownPorts } from './decoder-ports.js';
import { DeviceKvCache } from './device-kv-cache.js';
import { DeviceLogits } from './device-logits.js';
import type { DecoderShape } from './language-model.js';
import type { Weigher } from './weigher.js';

export interface CausalSetup {
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  readonly shape: DecoderShape;
  readonly ports?: DecoderPorts;
  readonly profile?: string | undefined;
}

/** Throws what opening a session throws, and `device_out_of_memory`. */
export async function openCausal(setup: CausalSetup, opener: GraphOpener, weigher: Weigher): Promise<CausalModel> {
  const { shape, ports = ownPorts(shape.layers) } = setup;
  const capturing = await openCapturing(setup, opener);
  if (typeof capturing !== 'string') {
    const given = { ...ports, lengths: capturing.lengths };
    return openCaptured({ session: capturing.session, shape, ports: given }, opener, weigher);
  }
  const session = await opener.open(setup.graph);
  if (session.device === null) return new CausalModel(session, shape, { ports });
  const parts = await openParts({ session, shape, ports }, opener, weigher);
  opener.remark(`decode steps are not captured: ${capturing}`);
  return new CausalModel(session, shape, parts);
}

interface OpenGraph {
  readonly session: Session;
  readonly shape: DecoderShape;
  readonly ports: DecoderPorts;
}

/** Where the graph runs, there its cache is, and what it writes is read. */
async function openParts({ session, shape, ports }: OpenGraph, opener: GraphOpener, weigher: Weigher) {
  const { device } = session;
  invariant(device !== null, 'the graph is on a device');
  const cache = await DeviceKvCache.open(device, { shape, names: ports.cache }, opener);
  const logits = await DeviceLogits.open(device, { vocab: shape.vocab, weigher }, opener);
  return { ports, cache, logits, device };
}

/** With its decode steps captured, where that gives what it gives without. */
async function openCaptured(graph: OpenGraph, opener: GraphOpener, weigher: Weigher): Promise<CausalModel> {
  const { session, shape, ports } = graph;
  const { device, ...parts } = await openParts(graph, opener, weigher);
  const output = { name: ports.logits, vocab: shape.vocab };
  const captured = new CapturedDecode({ session, device, open: opener.open, logits: output, rows: shape.rows });
  const plain = new CausalModel(session, shape, parts);
  const model = new CausalModel(session, shape, { ...parts, captured });
  if (await givesTheSame(plain, model, parts.logits)) {
    opener.remark('decode steps are captured');
    return model;
  }
  opener.remark('decode steps are not captured: on this device they gave other logits');
  await captured.close();
  return plain;
}

interface Capturing {
  readonly session: Session;
  readonly lengths: LengthInputs;
}

/** Or why not. */
async function openCapturing(
  { graph, shape, profile }: CausalSetup,
  { devices: [device], runtime, open }: GraphOpener,
): Promise<Capturing | string> {
  if (runtime.name !== 'ort-c-api' || ortProviders[device.provider].capture === undefined) {
    return `not tried with ${device.provider}`;
  }
  if (profile !== undefined) return 'a profile times each operator';
  const given = withGivenLengths(graph);
  if (given === null) return 'its graph was not drawn by octavo build';
  // Where runs are captured, WebGPU's attention does not know the length when it chooses whether a window cuts it.
  if (given.window < shape.capacity) return `its windows of ${given.window} tokens are narrower than its context`;
  try {
    const session = await open(given.graph, { capture: true, folder: path.dirname(graph) });
    return { session, lengths: given.inputs };
  } catch (error) {
    if (!(error instanceof OctavoError) || error.code !== 'invalid_model') throw error;
    return conciseReason(error);
  }
}

/** Whether a captured step gives the logits of one that is not, bit by bit: when it is captured, and when it is repeated. */
async function givesTheSame(plain: CausalModel, captured: CausalModel, logits: DeviceLogits): Promise<boolean> {
  const rows: Float32Array[] = [];
  for (const model of [plain, captured, captured]) {
    await model.forward({ firstRow: 0, ids: [[0]], past: [1] });
    rows.push((await logits.whole(0, 1)).slice());
  }
  const [expected, ...repeated] = rows;
  return repeated.every((row) => row.every((value, token) => Object.is(value, expected![token])));
}
