/** Which models can be measured against FP32. */
import type { Task } from '../manifest.js';

/** Why there can be no receipt of a model, built or planned, as a sentence; `null`: there can. */
export function whyUnmeasured({ task, encoder }: { readonly task: Task; readonly encoder?: unknown }): string | null {
  if (task !== 'generate') return 'A receipt measures perplexity, which only a model that generates text has.';
  if (encoder === undefined) return null;
  return 'An encoder-decoder would have to be measured on prompts with their answers, which is not done yet.';
}
