/** Opens a graph on several devices, a group of its layers on each. */
import path from 'node:path';
import { OctavoError } from '../../errors.js';
import { type LayerGroup, splitGraph } from '../onnx-file/split-graph.js';
import { elementType } from '../runtime/ort-values.js';
import type { Device, Session, ValueType } from '../runtime/runtime.js';
import type { GraphOpener } from '../worker/serve-steps.js';
import { type DecoderPorts, ownPorts } from './decoder-ports.js';
import { DeviceKvCache } from './device-kv-cache.js';
import { HostKvCache } from './kv-cache.js';
import type { DecoderShape } from './language-model.js';
import { MicroBatchPace } from './micro-batch-pace.js';
import { PipelineModel } from './pipeline-model.js';
import { checkActivation, PipelineStage } from './pipeline-stage.js';
import { RunQueue } from './run-queue.js';

export interface PipelineSetup {
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  readonly shape: DecoderShape;
  readonly ports?: DecoderPorts;
}

/** Throws `unsupported_model` for a graph that cannot be cut, and what opening a session throws. */
export async function openPipeline(
  { graph, shape, ports = ownPorts(shape.layers) }: PipelineSetup,
  opener: Omit<GraphOpener, 'remark'>,
  pace: ConstructorParameters<typeof PipelineModel>[1] = new MicroBatchPace(opener.devices.length),
): Promise<PipelineModel> {
  const { devices } = opener;
  const caches = (names: readonly string[]) =>
    Array.from({ length: shape.layers }, (_, n) => names.slice(2 * n, 2 * n + 2));
  const groups = splitGraph(graph, caches(ports.cache.past), devices.length);
  const queues = new Map<string, RunQueue>();
  const known = new Map<string, ValueType>();
  const stages: PipelineStage[] = [];
  for (const [index, group] of groups.entries()) {
    const device = devices[index]!;
    const session = await openGroup(group, known, { graph, device, opener });
    const names = { past: slice(ports.cache.past, group), present: slice(ports.cache.present, group) };
    const cache =
      session.device === null
        ? new HostKvCache(shape, names)
        : await DeviceKvCache.open(session.device, { shape, names }, { ...opener, open: openOn(opener, device) });
    const gives = new Map(group.gives.map((name) => [name, checkActivation(name, session.typeOf?.(name) ?? null)]));
    for (const [name, type] of gives) known.set(name, type);
    // All of WebGPU is one device; the processor's cores run several sessions.
    const queue = device.provider === 'webgpu' ? (queues.get('webgpu') ?? new RunQueue()) : new RunQueue();
    queues.set(device.provider, queue);
    stages.push(new PipelineStage({ session, cache, queue, takes: group.takes, gives }, ports, shape.vocab));
  }
  return new PipelineModel(stages, pace);
}

/** Keys and values of its layers. */
function slice(names: readonly string[], { first, end }: LayerGroup): readonly string[] {
  return names.slice(2 * first, 2 * end);
}

const openOn = (opener: Pick<GraphOpener, 'open'>, device: Device) => (graph: string | Uint8Array) =>
  opener.open(graph, { device });

async function openGroup(
  group: LayerGroup,
  known: ReadonlyMap<string, ValueType>,
  {
    graph,
    device,
    opener,
  }: { readonly graph: string; readonly device: Device; readonly opener: Omit<GraphOpener, 'remark'> },
): Promise<Session> {
  const types = new Map(
    group.takes.map((name) => {
      const { type, dims } = known.get(name)!;
      return [name, { type: elementType[type], dims }] as const;
    }),
  );
  if (opener.runtime.name !== 'ort-c-api') {
    throw new OctavoError('unsupported_model', 'Several devices for one model need the runtime ort-c-api.');
  }
  return opener.open(group.encode(types), { device, background: true, folder: path.dirname(graph) });
}
