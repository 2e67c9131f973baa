/** Logits as a model gives them. */
import { Random } from './random.js';

/** Bell-shaped, with a few tokens far above the others: float32 [vocab]. */
export function logitsOf(vocab: number, seed: number): Float32Array {
  const random = new Random(seed);
  const bell = () => Array.from({ length: 6 }, () => random.below(1000) / 250 - 2).reduce((sum, x) => sum + x, 0);
  const logits = Float32Array.from({ length: vocab }, bell);
  for (let i = 0; i < 20; i++) logits[random.below(vocab)] = 8 + random.below(600) / 100;
  return logits;
}
