/** What is run of each contestant: groups of runs that share one cache, the largest last, since it may not fit. */
import { staggerOf } from '../peers/cases.mjs';

/** Prompts, rows and tokens; `capacity`: of a row. `long`: the prompt whose prefill is timed. */
const sizes = {
  full: { rows: [1, 8, 32, 128], prompt: 128, steps: 48, capacity: 512, long: { prompt: 1024, capacity: 2048 } },
  /** For shapes that only show that everything runs. */
  tiny: { rows: [1, 2, 4, 8], prompt: 16, steps: 12, capacity: 128, long: { prompt: 64, capacity: 128 } },
};

/** `vocab`: of the shape. */
export function sizesOf({ shape, vocab }) {
  return { ...sizes[shape.startsWith('tiny-') ? 'tiny' : 'full'], vocab: Math.min(vocab, 4000) };
}

/** Each run twice: the better one counts, the first also warms up. */
export function groupsOf({ rows, prompt, steps, capacity, long, vocab }) {
  const plan = (count, what) => ({
    rows: count,
    vocab,
    ...what,
    stagger: staggerOf({ rows: count, prompt: what.prompt }),
  });
  const most = Math.max(...rows);
  const short = rows.map((count) => plan(count, { prompt, steps, capacity }));
  const groups = [short.filter((one) => one.rows < most), [plan(1, { ...long, steps: 9 })], [short.at(-1)]];
  return groups.map((plans) => plans.flatMap((one) => [one, one]));
}
