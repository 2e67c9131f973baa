/** What is measured: shapes of models, and for each the prompts and rows of its runs. */

export const shapes = ['qwen2.5-0.5b', 'llama-3.2-1b', 'concierge'];

/** Decode steps that are timed, all rows taking part. Those of the small one are so short that more of them are needed. */
const steps = { 'qwen2.5-0.5b': 24, 'llama-3.2-1b': 24, concierge: 256 };
/** Servers prefill in steps of so many tokens, or more, and decode between them. */
const prefillTokens = 256;

/** Tokens of a row at most, prompt and output. */
export const capacity = { 128: 512, 1024: 2048 };

/** `concierge` holds 512 tokens. */
export function longestPrompt(shape) {
  return shape === 'concierge' ? 128 : 1024;
}

/**
 * A single row three times, whose prompt would else be timed but once. `steps` are enough for a batch that starts together; where rows begin one after the other, the first go on for
 * `stagger` tokens until the last has begun, so that there are `steps` with all.
 */
export function casesOf({ shape, prompt, rows }) {
  return rows.flatMap((count) => {
    const plan = { rows: count, prompt, steps: steps[shape], capacity: capacity[prompt] };
    return Array(count === 1 ? 3 : 1).fill({ ...plan, stagger: staggerOf(plan) });
  });
}

export function staggerOf({ rows, prompt }) {
  return rows === 1 ? 0 : Math.ceil((1.25 * rows * prompt) / prefillTokens);
}

/** Ordinary ids, another prompt for each row and the same for every peer. `vocab`: of a shape with fewer than 4,000 tokens. */
export function promptIds(row, { prompt, vocab = 4000 }) {
  return Array.from({ length: prompt }, (_, index) => ((index + 1) * 7919 + row * 104_729) % vocab);
}

export function allPrompts(plan) {
  return Array.from({ length: plan.rows }, (_, row) => promptIds(row, plan));
}
