/** One run of an opened peer, and what is compared of it. */
import { ratesOf } from './rates.mjs';

/**
 * `session.run` gives for each row the times of its tokens, or these as `times` beside `tokens`, the first row's ids, or the rates
 * where a peer measures them itself. Gives rows, prompt, the rates, and the ids where they are told.
 */
export async function runPlan(session, plan) {
  const result = await session.run(plan);
  const { times, ...told } = Array.isArray(result) ? { times: result } : result;
  const rates = times === undefined ? {} : ratesOf(times, plan.prompt);
  return { rows: plan.rows, prompt: plan.prompt, ...rates, ...told };
}
