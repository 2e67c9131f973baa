/** What is done about what the screens find: by category, direction, score, and who asks. */
import { z } from 'zod';
import type { Decide } from './guard.js';
import { categorySchema, slugSchema } from './rule.js';
import type { TextOrigin } from './safety.js';
import type { Direction, ScreenSpan } from './screen.js';
import { failureCategory } from './watched-screen.js';

/** Bytes of a file, and lines of a policy. */
export const policyLimits = { fileBytes: 262_144, lines: 1000 } as const;

const someOf = <S extends z.ZodType>(one: S) =>
  z.union([one, z.array(one).min(1)]).transform((value): z.output<S>[] => [value].flat() as z.output<S>[]);

const lineSchema = z.strictObject({
  category: someOf(z.union([z.literal('*'), categorySchema], 'must be a category, or "*"')),
  direction: someOf(z.enum(['prompt', 'output', 'tool-arguments'])).optional(),
  keys: someOf(slugSchema).optional(),
  threshold: z.number().min(0).max(1).optional(),
  action: z.enum(['allow', 'annotate', 'redact', 'block']),
});

/** A whole policy file. */
export const policySchema = z.strictObject({
  version: z.literal(1),
  keys: z
    .record(
      slugSchema,
      z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and the SHA-256 of the key in 64 lower-case digits'),
    )
    .default({}),
  policy: z.array(lineSchema).max(policyLimits.lines),
});

/** One line of a policy. */
export interface PolicyLine {
  /** `*` stands for every category. */
  readonly categories: readonly string[];
  /** `null`: every direction. */
  readonly directions: readonly Direction[] | null;
  /** Digests of API keys; `null`: everybody. */
  readonly tenants: readonly string[] | null;
  /** From this score on; `null`: from where the screen itself proposes to do something. */
  readonly threshold: number | null;
  readonly action: ScreenSpan['action'];
}

export class Policy {
  readonly lines: readonly PolicyLine[];
  /** By direction and tenant: there are as many tenants as API keys. */
  readonly #decisions = new Map<string, Decide>();

  constructor(lines: readonly PolicyLine[]) {
    this.lines = lines;
  }

  /** For the texts of one origin: the first line that fits a span decides; where none does, the screen's proposal. */
  readonly decideFor = ({ direction, tenant }: Pick<TextOrigin, 'direction' | 'tenant'>): Decide => {
    const key = `${direction} ${tenant}`;
    const known = this.#decisions.get(key);
    if (known) return known;
    const lines = this.lines.filter(
      ({ directions, tenants }) => (directions?.includes(direction) ?? true) && (tenants?.includes(tenant) ?? true),
    );
    const decide: Decide = (span) => decideBy(lines, span);
    this.#decisions.set(key, decide);
    return decide;
  };
}

function decideBy(lines: readonly PolicyLine[], span: ScreenSpan): ScreenSpan['action'] {
  // What could not be judged has no category of its own: no line opens the way for it.
  if (span.category === failureCategory) return span.action;
  let isBelow = false;
  for (const { categories, threshold, action } of lines) {
    if (!categories.includes(span.category) && !categories.includes('*')) continue;
    if (threshold === null ? span.action !== 'allow' : span.score >= threshold) return action;
    if (threshold !== null) isBelow = true;
  }
  // A threshold of the policy stands in place of the screen's own.
  return isBelow ? 'allow' : span.action;
}
