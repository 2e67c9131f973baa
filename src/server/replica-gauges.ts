/** Gauges that are read when `/metrics` is scraped: what each model, and each replica of it, is doing now. */
import { Gauge, type Registry } from 'prom-client';

/** Read when `/metrics` is scraped. */
export interface ReplicaGauges {
  /** Sequences with a row, or texts that are being computed; and those that wait. */
  readonly running: () => number;
  readonly waiting: () => number;
  /** Share of the KV cache that is in use, 0 to 1; encoders have none. */
  readonly kvUsage?: () => number;
  readonly replicas?: readonly ReplicaState[];
  /** The device of each replica. */
  readonly devices?: readonly string[];
}

/** One of the copies of a model. */
interface ReplicaState {
  readonly running: number;
  readonly waiting: number;
  readonly healthy: boolean;
}

/** `gauges`: by model; read at each scrape. */
export function addReplicaGauges(registry: Registry, gauges: ReadonlyMap<string, ReplicaGauges>): void {
  const sampled = (name: string, help: string, from: SampledFrom) => addSampled({ name, help, registry }, from, gauges);
  sampled('octavo_sequences_running', 'Sequences with a row', { label: 'model', read: 'running' });
  sampled('octavo_sequences_waiting', 'Sequences in the queue', { label: 'model', read: 'waiting' });
  sampled('octavo_kv_cache_usage_ratio', 'KV cache in use, 0 to 1', { label: 'model', read: 'kvUsage' });
  // vLLM's names, as the Gateway API Inference Extension reads them.
  sampled('vllm:num_requests_running', 'Sequences with a row', { label: 'model_name', read: 'running' });
  sampled('vllm:num_requests_waiting', 'Waiting sequences', { label: 'model_name', read: 'waiting' });
  sampled('vllm:kv_cache_usage_perc', 'KV cache, 0 to 1', { label: 'model_name', read: 'kvUsage' });
  const each = (name: string, help: string, read: ReadReplica) => addForEach({ name, help, registry }, read, gauges);
  each('octavo_replica_sequences', 'Sequences of a replica', ({ running, waiting }) => running + waiting);
  each('octavo_replica_ready', '1 while the replica works', ({ healthy }) => Number(healthy));
}

interface Named {
  readonly name: string;
  readonly help: string;
  readonly registry: Registry;
}

interface SampledFrom {
  readonly label: string;
  readonly read: Exclude<keyof ReplicaGauges, 'replicas' | 'devices'>;
}

type ReadReplica = (replica: ReplicaState) => number;
type Gauges = ReadonlyMap<string, ReplicaGauges>;

function addSampled({ name, help, registry }: Named, { label, read }: SampledFrom, gauges: Gauges): void {
  new Gauge({
    ...{ name, help, labelNames: [label], registers: [registry] },
    collect() {
      for (const [model, replica] of gauges) {
        const value = replica[read]?.();
        if (value !== undefined) this.set({ [label]: model }, value);
      }
    },
  });
}

function addForEach({ name, help, registry }: Named, read: ReadReplica, gauges: Gauges): void {
  new Gauge({
    ...{ name, help, labelNames: ['model', 'replica', 'device'], registers: [registry] },
    collect() {
      for (const [model, { replicas = [], devices = [] }] of gauges) {
        for (const [replica, state] of replicas.entries()) {
          this.set({ model, replica: `${replica}`, device: devices[replica] ?? '' }, read(state));
        }
      }
    },
  });
}
