/** Events turned into Prometheus metrics: names of our own, and the three of vLLM that gateways route by. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BatcherEvents, EncodeEvents, FinishedEvent, StepEvent } from '../batcher/events.js';
import type { Finding } from '../safety/safety.js';
import type { Direction } from '../safety/screen.js';
import { addReplicaGauges, type ReplicaGauges } from './replica-gauges.js';
import type { Usage } from './schema/answer-schema.js';

/** A request whose answer has ended, or whose caller has left. */
export interface RequestEvent {
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly aborted: boolean;
}

const fastSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const slowSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const rowCounts = [1, 2, 4, 8, 16, 32, 64, 128];

/** The metrics of one server, in a registry of their own. */
export class Metrics {
  readonly registry = new Registry();
  readonly #gauges = new Map<string, ReplicaGauges>();

  readonly #requests = this.#counter('octavo_requests_total', 'Requests answered', ['route', 'status']);
  readonly #requestSeconds = this.#histogram('octavo_request_seconds', 'Whole requests', ['route'], slowSeconds);
  readonly #cancelled = this.#counter('octavo_requests_cancelled_total', 'Callers who left before the end', ['route']);
  readonly #promptTokens = this.#counter('octavo_prompt_tokens_total', 'Prompt tokens', ['model']);
  readonly #completionTokens = this.#counter('octavo_completion_tokens_total', 'Generated tokens', ['model']);
  readonly #reusedTokens = this.#counter('octavo_reused_prompt_tokens_total', 'Taken from an earlier prompt', [
    'model',
  ]);
  readonly #firstToken = this.#histogram('octavo_time_to_first_token_seconds', 'From submit', ['model'], slowSeconds);
  readonly #interToken = this.#histogram('octavo_inter_token_seconds', 'Between two tokens', ['model'], fastSeconds);
  readonly #queue = this.#histogram('octavo_queue_seconds', 'Waiting for a row, or a batch', ['model'], slowSeconds);
  readonly #prefill = this.#histogram('octavo_prefill_seconds', 'Computing the prompt', ['model'], slowSeconds);
  readonly #decode = this.#histogram('octavo_decode_seconds', 'Generating', ['model'], slowSeconds);
  readonly #stepSeconds = this.#histogram('octavo_step_seconds', 'Runs of the model', ['model', 'kind'], fastSeconds);
  readonly #stepRows = this.#histogram('octavo_step_rows', 'Rows of a run of the model', ['model', 'kind'], rowCounts);
  readonly #stepTokens = this.#counter('octavo_step_tokens_total', 'Tokens computed, padding included', [
    'model',
    'kind',
  ]);
  readonly #padding = this.#counter('octavo_padding_tokens_total', 'Tokens computed only as padding', [
    'model',
    'kind',
  ]);
  readonly #drafted = this.#counter('octavo_drafted_tokens_total', 'Guessed tokens', ['model']);
  readonly #accepted = this.#counter('octavo_accepted_tokens_total', 'Guessed tokens that counted', ['model']);
  readonly #waste = new Gauge({
    name: 'octavo_padding_waste_ratio',
    help: 'Share of the computed tokens that was padding, since the start, 0 to 1',
    labelNames: ['model', 'kind'],
    registers: [this.registry],
  });
  /** Tokens of each model and kind, computed and of them padding, as the gauge was last told. */
  readonly #computed = new Map<string, { padded: number; padding: number }>();
  readonly #findings = this.#counter('octavo_safety_findings_total', 'Matches of safety rules', [
    'direction',
    'category',
    'action',
  ]);
  readonly #screenFailures = this.#counter('octavo_safety_screen_failures_total', 'Texts a screen failed on', [
    'screen',
  ]);

  readonly #rulesRead = this.#counter('octavo_safety_rules_reads_total', 'Changes of the rules file', ['result']);
  readonly #policyRead = this.#counter('octavo_safety_policy_reads_total', 'Changes of the policy file', ['result']);
  readonly #auditLost = this.#counter('octavo_safety_audit_lost_total', 'Lines that could not be written', []);

  constructor() {
    addReplicaGauges(this.registry, this.#gauges);
  }

  /** Adds the process's own metrics (memory, CPU, event-loop delay); once for each process. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The gauges of the replica that serves `model`. */
  watchReplica(model: string, gauges: ReplicaGauges): void {
    this.#gauges.set(model, gauges);
  }

  /** Takes the events of the batcher in front of `model`. */
  observer(model: string): BatcherEvents & EncodeEvents {
    return {
      step: (event) => this.observeStep(model, event),
      finished: (event) => this.observeSequence(model, event),
      queued: (ms) => this.observeQueue(model, ms),
    };
  }

  observeStep(model: string, step: StepEvent): void {
    const labels = { model, kind: step.kind };
    const seconds = (step.modelMs + step.sampleMs) / 1000;
    for (let round = 0; round < step.rounds; round++) {
      this.#stepSeconds.observe(labels, seconds / step.rounds);
      this.#stepRows.observe(labels, step.rows);
    }
    this.#stepTokens.inc(labels, step.paddedTokens);
    this.#padding.inc(labels, step.paddedTokens - step.tokens);
    if (step.speculation) {
      this.#drafted.inc({ model }, step.speculation.drafted);
      this.#accepted.inc({ model }, step.speculation.accepted);
    }
    const name = `${step.kind} ${model}`;
    const { padded, padding } = this.#computed.get(name) ?? { padded: 0, padding: 0 };
    const sums = { padded: padded + step.paddedTokens, padding: padding + step.paddedTokens - step.tokens };
    this.#computed.set(name, sums);
    this.#waste.set(labels, sums.padding / sums.padded);
  }

  observeRequest(event: RequestEvent): void {
    this.#requests.inc({ route: event.route, status: String(event.status) });
    this.#requestSeconds.observe({ route: event.route }, event.ms / 1000);
    if (event.aborted) this.#cancelled.inc({ route: event.route });
  }

  /** Of a request whose answer has ended; the tokens of a prompt count once, however many choices it has. */
  observeUsage(model: string, usage: Usage): void {
    this.#promptTokens.inc({ model }, usage.prompt_tokens);
    this.#completionTokens.inc({ model }, usage.completion_tokens);
  }

  /** Of a request that generates nothing. */
  countPromptTokens(model: string, tokens: number): void {
    this.#promptTokens.inc({ model }, tokens);
  }

  /** A text has waited so long for its step. */
  observeQueue(model: string, ms: number): void {
    this.#queue.observe({ model }, ms / 1000);
  }

  observeSequence(model: string, { timings, reusedTokens }: FinishedEvent): void {
    this.#reusedTokens.inc({ model }, reusedTokens);
    this.observeQueue(model, timings.queueMs);
    this.#prefill.observe({ model }, timings.prefillMs / 1000);
    this.#decode.observe({ model }, timings.decodeMs / 1000);
  }

  observeFirstToken(model: string, ms: number): void {
    this.#firstToken.observe({ model }, ms / 1000);
  }

  observeInterToken(model: string, ms: number): void {
    this.#interToken.observe({ model }, ms / 1000);
  }

  countFindings(direction: Direction, findings: readonly Finding[]): void {
    for (const { category, action } of findings) this.#findings.inc({ direction, category, action });
  }

  /** A screen threw, or took too long, on one text. */
  countScreenFailure(screen: string): void {
    this.#screenFailures.inc({ screen });
  }

  /** The rules file has changed: it was read, or refused and the old rules stayed. */
  countRulesRead(result: 'read' | 'refused'): void {
    this.#rulesRead.inc({ result });
  }

  /** The policy file has changed: likewise. */
  countPolicyRead(result: 'read' | 'refused'): void {
    this.#policyRead.inc({ result });
  }

  /** Lines of the audit log that could not be written. */
  countLostAuditLines(lines: number): void {
    this.#auditLost.inc(lines);
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}
