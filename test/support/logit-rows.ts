/** The logits of a step's rows, wherever they lie. */
import type { ForwardLogits } from '#octavo/models/decoder/language-model.js';

/** [rows][vocab], copied. */
export async function logitRows(logits: ForwardLogits): Promise<readonly (readonly number[])[]> {
  if (!('each' in logits)) return logits.map((row) => [...row]);
  const rows: number[][] = [];
  for (const row of logits.rows) rows.push([...(await row.fetch()).values]);
  return rows;
}
