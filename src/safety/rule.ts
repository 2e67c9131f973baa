/** A rule of the safety filter: the schema of one entry of a rules file, and its compiled form. */
import { z } from 'zod';
import { OctavoError } from '../errors.js';
import { foldedCharacters } from './characters.js';
import { type Entity, entity, entityNames } from './entities.js';
import { evasiveLetters } from './evasive-term.js';
import { normalTerm } from './normalizer.js';
import { compilePattern, type Pattern, patternLimits } from './pattern.js';
import type { SafetyAction } from './safety.js';
import type { EvasiveTerm } from './term-trie.js';

/** Bytes of a file, rules of a file, terms of a rule, characters of a term and of a replacement. */
export const ruleLimits = { fileBytes: 262_144, rules: 1000, terms: 10_000, term: 256, replacement: 256 } as const;

export const slugSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be lower-case letters and digits, in parts joined by "-"');

export const categorySchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:[-/][a-z0-9]+)*$/, 'must be lower-case letters and digits, in parts joined by "-" or "/"');

const ruleSchema = z
  .strictObject({
    id: slugSchema,
    category: categorySchema,
    action: z.enum(['block', 'redact', 'annotate']),
    replacement: z.string().max(ruleLimits.replacement).optional(),
    direction: z.enum(['prompt', 'output', 'both']).default('both'),
    terms: z.array(z.string().max(ruleLimits.term)).min(1).max(ruleLimits.terms).optional(),
    word: z.boolean().optional(),
    match: z.enum(['evasive', 'exact']).optional(),
    pattern: z.string().min(1).max(patternLimits.source).optional(),
    detect: z.array(z.enum(entityNames)).min(1).optional(),
  })
  .superRefine((rule, context) => {
    const refuse = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', path, message });
    const bodies = [rule.terms, rule.pattern, rule.detect].filter((body) => body !== undefined);
    if (bodies.length !== 1) refuse('must have either "terms" or "pattern" or "detect"');
    if (rule.replacement !== undefined && rule.action !== 'redact') {
      refuse('is allowed only with the action "redact"', ['replacement']);
    }
    if (new Set(rule.detect).size < (rule.detect?.length ?? 0)) refuse('names something twice', ['detect']);
    for (const key of ['word', 'match'] as const) {
      if (rule[key] !== undefined && rule.terms === undefined) refuse('is allowed only with "terms"', [key]);
    }
  });

export type RuleSource = z.infer<typeof ruleSchema>;

/** A whole rules file. */
export const rulesSchema = z.strictObject({
  version: z.literal(1),
  rules: z.array(ruleSchema).max(ruleLimits.rules),
});

export interface Rule {
  readonly id: string;
  readonly category: string;
  readonly action: SafetyAction;
  readonly direction: 'prompt' | 'output' | 'both';
  /** What stands for a redacted span. */
  readonly replacement: string;
  /** Terms in normal form that are matched exactly. */
  readonly terms: readonly (readonly number[])[];
  /** Terms that are found disguised too. */
  readonly evasiveTerms: readonly Omit<EvasiveTerm, 'rule'>[];
  readonly pattern: Pattern | null;
  readonly entity: Entity | null;
}

/** A fault of a rule that its schema cannot see; `path` leads to it from the rule. */
export class RuleFault extends Error {
  constructor(
    readonly path: readonly (string | number)[],
    message: string,
  ) {
    super(message);
  }
}

/** What a rule of the file stands for: itself, or one rule for each kind of personal data. Throws `RuleFault`. */
export function compileRules(source: RuleSource): readonly Rule[] {
  const { id, detect } = source;
  if (detect === undefined) return [compileRule(source)];
  return detect.map((name) => {
    const { placeholder } = entity(name);
    const own = { ...source, id: detect.length > 1 ? `${id}/${name}` : id };
    return { ...compileRule(own), replacement: source.replacement ?? placeholder, entity: entity(name) };
  });
}

/** A rule of terms or a pattern. Throws `RuleFault`. */
export function compileRule(source: RuleSource): Rule {
  const { id, category, action, direction, replacement = '[redacted]', word = true, match = 'evasive' } = source;
  const terms = (source.terms ?? []).map((term, index) => ({
    codes: compileTerm(term, word, index),
    letters: match === 'evasive' ? evasiveLetters(term) : null,
  }));
  return {
    ...{ id, category, action, direction, replacement },
    terms: terms.flatMap(({ codes, letters }) => (letters === null ? [codes] : [])),
    evasiveTerms: terms.flatMap(({ letters }) => (letters === null ? [] : [{ letters, word }])),
    pattern: source.pattern === undefined ? null : compiledPattern(source.pattern),
    entity: null,
  };
}

function compileTerm(term: string, word: boolean, index: number): readonly number[] {
  const codes = normalTerm(term, word);
  const first = codes[word ? 1 : 0];
  if (first === undefined) throw new RuleFault(['terms', index], 'the term has no visible character');
  const kind = foldedCharacters(first)[0]?.kind;
  if (kind === 'mark' || kind === 'jamo') {
    throw new RuleFault(['terms', index], 'the term begins with a combining mark; it must begin with a character');
  }
  return codes;
}

function compiledPattern(pattern: string): Pattern {
  try {
    return compilePattern(pattern);
  } catch (error) {
    if (error instanceof OctavoError) throw new RuleFault(['pattern'], error.message);
    throw error;
  }
}
