/** Several replicas of one model behind one `Generator`: each sequence goes to the least loaded, or to who knows its beginning. */
import { invariant, OctavoError } from '../errors.js';
import type { Generation, GenerationRequest, Generator } from './generation.js';
import { blockChain } from './prefix-table.js';
import type { PromptBlocks } from './prompt-blocks.js';

/** A replica as the router sees it: a `Batcher`. */
export interface RoutedReplica extends Generator {
  /** Sequences in rows, and in the queue. */
  readonly running: number;
  readonly waiting: number;
  readonly kvUsage: number;
  readonly healthy: boolean;
  /** The beginnings of prompts that need not be computed there. */
  readonly blocks: Pick<PromptBlocks, 'keepsAny' | 'known'>;
  revive(): void;
  drain(): Promise<void>;
  cancelAll(): void;
}

/** What the choice looks at. */
export interface ReplicaView {
  readonly healthy: boolean;
  /** Sequences that it has. */
  readonly load: number;
  readonly knownBlocks: number;
}

/** A replica that knows a prompt's beginning may have so many sequences more than the least loaded one. */
export const affinitySlack = 4;

/**
 * The replicas' places, the best first: those that work; of these the ones whose load is near the least, by how much of
 * the prompt they know; then by load.
 */
export function rankReplicas(replicas: readonly ReplicaView[]): readonly number[] {
  const least = Math.min(...replicas.filter(({ healthy }) => healthy).map(({ load }) => load));
  const known = ({ load, knownBlocks }: ReplicaView) => (load <= least + affinitySlack ? knownBlocks : 0);
  return [...replicas.keys()].sort((a, b) => {
    const [one, other] = [replicas[a]!, replicas[b]!];
    const byHealth = Number(other.healthy) - Number(one.healthy);
    return byHealth || known(other) - known(one) || one.load - other.load || a - b;
  });
}

export class Router implements Generator {
  readonly replicas: readonly RoutedReplica[];

  constructor(replicas: readonly RoutedReplica[]) {
    invariant(replicas.length > 0, 'a model has a replica');
    this.replicas = replicas;
  }

  checkOpen(): void {
    this.#first(this.replicas, (replica) => replica.checkOpen());
  }

  submit(request: GenerationRequest): Generation {
    return this.#first(this.#ranked(request), (replica) => replica.submit(request));
  }

  retryAfterSeconds(): number {
    return Math.min(...this.replicas.map((replica) => replica.retryAfterSeconds()));
  }

  get running(): number {
    return this.replicas.reduce((sum, { running }) => sum + running, 0);
  }

  get waiting(): number {
    return this.replicas.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Share of all KV arenas that holds tokens. */
  get kvUsage(): number {
    return this.replicas.reduce((sum, { kvUsage }) => sum + kvUsage, 0) / this.replicas.length;
  }

  /** One replica works. */
  get healthy(): boolean {
    return this.replicas.some(({ healthy }) => healthy);
  }

  revive(): void {
    for (const replica of this.replicas) replica.revive();
  }

  async drain(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.drain()));
  }

  cancelAll(): void {
    for (const replica of this.replicas) replica.cancelAll();
  }

  #ranked({ prompt, tenant }: GenerationRequest): readonly RoutedReplica[] {
    const { replicas } = this;
    if (replicas.length === 1) return replicas;
    // Blocks are not named where none is kept.
    const chain = replicas.some(({ blocks }) => blocks.keepsAny) ? blockChain(prompt, tenant) : [];
    const views = replicas.map((replica) => ({
      healthy: replica.healthy,
      load: replica.running + replica.waiting,
      knownBlocks: replica.blocks.known(chain),
    }));
    return rankReplicas(views).map((place) => replicas[place]!);
  }

  /** The first replica that does not refuse. Throws what the last one threw. */
  #first<T>(replicas: readonly RoutedReplica[], ask: (replica: RoutedReplica) => T): T {
    let refusal: unknown;
    for (const replica of replicas) {
      try {
        return ask(replica);
      } catch (error) {
        if (!(error instanceof OctavoError)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }
}
