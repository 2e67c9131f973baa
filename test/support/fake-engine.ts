/** A decoder engine without a model: holds every step to the protocol, and makes tokens that follow from the row's own. */
import { OctavoError } from '#octavo/errors.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import {
  type BlockCopy,
  blockTokens,
  type Decode,
  type DecoderEngine,
  type KeptPrefix,
  type Prefill,
  type PromptChunk,
  type RowMove,
  type Step,
  type StepResult,
} from '#octavo/models/decoder/step.js';
import { ownerOf, tokenAfter } from './owned-tokens.js';

/** A sequence in a row, as the engine knows it. */
interface FakeRow {
  readonly owner: number;
  /** Prompt and output; all but a last sampled token are in the cache. */
  readonly tokens: number[];
  cached: number;
  generated: number;
  /** `null` until the prompt has ended. */
  sampling: Sampling | null;
}

export interface FakeEngineOptions {
  readonly rows: number;
  readonly capacity: number;
  readonly slots?: number;
  readonly encodesPrompts?: boolean;
  readonly verifiesGuesses?: boolean;
  /** Whether the sequence of an owner still wants its row; the engine cannot know. */
  readonly isLive: (owner: number) => boolean;
  /** The token after those of a row. */
  readonly next?: (ids: readonly number[], sampling: Sampling, generated: number) => number;
  /** Remembers its steps (default); a long simulation has too many. */
  readonly records?: boolean;
}

export class FakeEngine implements DecoderEngine {
  readonly rows: number;
  readonly capacity: number;
  readonly slots: number;
  readonly encodesPrompts: boolean;
  readonly verifiesGuesses: boolean;
  readonly steps: Step[] = [];
  /** Sentences of the protocol that did not hold; a test expects none. */
  readonly violations: string[] = [];
  /** Called when a step begins, before anything else can happen. */
  onStep: (step: Step) => void = () => {};
  /** What happens while a step runs. */
  during: (step: Step) => Promise<void> = async () => {};
  /** The step that runs fails with this. */
  failure: Error | null = null;
  /** What happens while the engine is started again; a throw: it cannot be. */
  restart: () => Promise<void> = async () => {};
  restarts = 0;
  /** Milliseconds that each step is said to have taken. */
  stepMs = 1;
  #interrupted = false;
  closed = false;
  readonly #isLive: (owner: number) => boolean;
  readonly #next: NonNullable<FakeEngineOptions['next']>;
  readonly #records: boolean;
  #table: (FakeRow | undefined)[] = [];
  /** What each slot's block and all before it were computed from. */
  #pool: (readonly number[])[] = [];
  #busy = false;
  #lost = false;

  constructor(options: FakeEngineOptions) {
    const {
      rows,
      capacity,
      slots = 0,
      encodesPrompts = false,
      verifiesGuesses = true,
      isLive,
      next = tokenAfter,
      records = true,
    } = options;
    this.rows = rows;
    this.capacity = capacity;
    this.slots = slots;
    this.encodesPrompts = encodesPrompts;
    this.verifiesGuesses = verifiesGuesses;
    this.#isLive = isLive;
    this.#next = next;
    this.#records = records;
  }

  /** Owners of the rows, in row order. */
  get owners(): number[] {
    return this.#table.flatMap((row) => (row === undefined ? [] : [row.owner]));
  }

  /** Live sequences in rows, and the tokens in their cache. */
  get live(): { readonly rows: number; readonly cachedTokens: number } {
    let [rows, cachedTokens] = [0, 0];
    for (let index = 0; index < this.rows; index++) {
      const row = this.#live(index);
      if (row === undefined) continue;
      rows++;
      cachedTokens += row.cached;
    }
    return { rows, cachedTokens };
  }

  async step(step: Step): Promise<StepResult> {
    this.#check(!this.#busy, 'steps do not overlap');
    this.#check(!this.#lost, 'a lost engine is restarted before its next step');
    this.#busy = true;
    if (this.#records) this.steps.push(step);
    try {
      this.onStep(step);
      for (const move of step.moves) this.#move(move);
      this.#interrupted = false;
      return step.work.kind === 'prefill' ? await this.#prefillStep(step) : await this.#decodeStep(step, step.work);
    } catch (error) {
      // What lacked memory leaves the other rows as they were.
      if (error instanceof OctavoError && error.code === 'device_out_of_memory')
        [this.failure, this.#pool] = [null, []];
      else this.#lost = true;
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async recover(): Promise<void> {
    this.#check(!this.#busy, 'an engine is not restarted within a step');
    await this.restart();
    this.restarts++;
    this.failure = null;
    this.#table = [];
    this.#pool = [];
    this.#lost = false;
  }

  interrupt(): void {
    this.#interrupted = true;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #move({ from, to }: RowMove): void {
    const row = this.#live(from);
    this.#check(row !== undefined, 'what moves is a live row');
    this.#check(this.#live(to) === undefined, 'a row moves to a free one');
    this.#table[to] = row;
    this.#table[from] = undefined;
  }

  #prefill({ firstRow, chunks }: Prefill): number[][] {
    const [first] = chunks;
    this.#check(first !== undefined, 'a prefill has chunks');
    const begins = first.past === 0 || first.prefix !== undefined;
    const inChunks = !begins || first.sampling === undefined;
    this.#check(!inChunks || firstRow === this.rows - 1, 'a prompt in chunks is in the last row');
    this.#checkDecoding(inChunks ? this.#decoding : firstRow);
    this.#check(firstRow + chunks.length <= this.rows, 'no more sequences than rows');
    return chunks.map((chunk, index) => this.#chunk(chunk, firstRow + index, chunks.length));
  }

  async #prefillStep(step: Step): Promise<StepResult> {
    const tokens = this.#prefill(step.work as Prefill);
    await this.#pass(step);
    return { tokens, rounds: 1, modelMs: this.stepMs, sampleMs: 0 };
  }

  /** What happens while it runs happens in the first round. */
  async #decodeStep(step: Step, { rows, rounds, speculation }: Decode): Promise<StepResult> {
    this.#check(rows > 0 && rounds > 0, 'a decode has rows, and rounds');
    this.#checkDecoding(rows);
    const decoding = this.#table.slice(0, rows) as FakeRow[];
    const tokens: number[][] = decoding.map(() => []);
    const guesses = { drafted: 0, accepted: 0 };
    let [round, ended] = [0, false];
    for (; round < rounds && !ended && !(round > 0 && this.#interrupted); round++) {
      decoding.forEach((row, index) => {
        const most = speculation ? speculation.mostTokens - tokens[index]!.length : 1;
        const sampled = this.#guess(row, Math.min(speculation?.draftTokens ?? 0, most - 1), guesses);
        tokens[index]!.push(...sampled);
        const stopped = row.sampling?.stopTokens.includes(sampled.at(-1)!) ?? false;
        ended ||= stopped || tokens[index]!.length === speculation?.mostTokens;
      });
      if (round === 0) await this.#pass(step);
    }
    const result = { tokens, rounds: round, modelMs: this.stepMs * round, sampleMs: 0 };
    return speculation ? { ...result, speculation: guesses } : result;
  }

  /** A token and those of `drafted` guesses that are right: now more, now fewer, as the row's length says. */
  #guess(row: FakeRow, drafted: number, guesses: { drafted: number; accepted: number }): number[] {
    const tokens = [this.#sample(row)];
    const right = row.tokens.length % (drafted + 1);
    guesses.drafted += drafted;
    while (tokens.length <= right && !row.sampling?.stopTokens.includes(tokens.at(-1)!)) {
      tokens.push(this.#sample(row));
      guesses.accepted++;
    }
    return tokens;
  }

  async #pass(step: Step): Promise<void> {
    await this.during(step);
    if (this.failure !== null) throw this.failure;
  }

  /** The rows before `end` decode, all of them; behind them is at most, in the last row, a prompt that has not ended. */
  #checkDecoding(end: number): void {
    for (let index = 0; index < this.rows; index++) {
      const row = this.#live(index);
      if (index < end) this.#check(row?.sampling != null, 'rows decode from the first on, without a hole');
      else if (row === undefined) this.#table[index] = undefined;
      else
        this.#check(index === this.rows - 1 && row.sampling === null, 'behind those that decode is a prompt in chunks');
    }
  }

  /** Rows that decode, from the first on. */
  get #decoding(): number {
    const end = this.#table.findIndex((_, index) => this.#live(index)?.sampling == null);
    return end < 0 ? this.#table.length : end;
  }

  #chunk(chunk: PromptChunk, index: number, count: number): number[] {
    const owner = ownerOf(chunk.ids[0] ?? -1);
    this.#check(
      chunk.ids.every((id) => ownerOf(id) === owner),
      'the tokens of a chunk are of one sequence',
    );
    const single = chunk.ids.length === 1 && chunk.past === 0 && chunk.sampling !== undefined;
    this.#check(chunk.ids.length >= 2 || single, 'only a prompt of one token is a chunk of one');
    if (chunk.past === 0 || chunk.prefix) {
      this.#check(this.#table[index] === undefined, 'a prompt begins in a free row');
      this.#check(!this.owners.includes(owner), 'a sequence has one row');
      this.#table[index] = { owner, tokens: [], cached: 0, generated: 0, sampling: null };
    }
    if (chunk.past > 0) this.#check(count === 1, 'a chunk with a past comes alone');
    if (chunk.sampling === undefined) this.#check(count === 1, 'a chunk that does not end its prompt comes alone');
    const row = this.#table[index];
    this.#check(row?.owner === owner && row.sampling === null, 'a chunk goes on in the row of its sequence');
    if (chunk.prefix) this.#restore(row, chunk.prefix);
    this.#check(row.cached === chunk.past, 'past is what is cached');
    row.tokens.push(...chunk.ids);
    row.cached = row.tokens.length;
    row.sampling = chunk.sampling ?? null;
    for (const copy of chunk.keep ?? []) this.#keep(row, copy);
    return row.sampling === null ? [] : [this.#add(row)];
  }

  #restore(row: FakeRow, { slots, ids }: KeptPrefix): void {
    slots.forEach((slot, block) => {
      const end = (block + 1) * blockTokens;
      this.#check(`${this.#pool[slot]}` === `${ids.slice(0, end)}`, 'a slot holds what it is taken for');
    });
    this.#check(ids.length === slots.length * blockTokens, 'a prefix has the tokens of its slots');
    row.tokens.push(...ids);
    row.cached = ids.length;
  }

  #keep(row: FakeRow, { block, slot }: BlockCopy): void {
    this.#check(slot >= 0 && slot < this.slots, 'a slot is one of the pool');
    this.#check((block + 1) * blockTokens <= row.cached, 'a block that is kept is computed');
    this.#pool[slot] = row.tokens.slice(0, (block + 1) * blockTokens);
  }

  #sample(row: FakeRow): number {
    row.cached = row.tokens.length;
    return this.#add(row);
  }

  #add(row: FakeRow): number {
    this.#check(row.cached <= this.capacity * (this.encodesPrompts ? 2 : 1), 'a sequence fits its row');
    const token = this.#next(row.tokens, row.sampling ?? greedy, row.generated);
    row.tokens.push(token);
    row.generated++;
    return token;
  }

  #live(index: number): FakeRow | undefined {
    const row = this.#table[index];
    return row !== undefined && this.#isLive(row.owner) ? row : undefined;
  }

  #check(condition: boolean, sentence: string): asserts condition {
    if (condition) return;
    this.violations.push(`${sentence} (step ${this.steps.length})`);
    throw new OctavoError('internal_error', `Protocol broken: ${sentence}.`);
  }
}
