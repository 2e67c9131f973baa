/** The rotary tables of a decoder: each made once, however many layers share it. */
import { type LayerRotary, rotatesInside } from './attention.js';
import type { GraphContext } from './graph-context.js';
import { type Rotary, rotaryTables } from './rotary.js';
import { positionIds } from './sequence-lengths.js';

/** For each layer in turn; null where a layer has no positions. Layers share tables by sharing the object. */
export function layerRotaries(
  context: GraphContext,
  headDim: number,
  rotaries: readonly (Rotary | null)[],
): readonly (LayerRotary | null)[] {
  const distinct = [...new Set(rotaries)].filter((rotary) => rotary !== null);
  const outside = distinct.some((rotary) => !rotatesInside(rotary, headDim));
  const positions = outside ? { positions: positionIds(context) } : {};
  const drawn = new Map<Rotary | null, LayerRotary>();
  distinct.forEach((rotary, index) => {
    const tables = rotaryTables(context, index === 0 ? 'rotary' : `rotary_${index}`, rotary);
    drawn.set(rotary, { rotary, tables, ...(rotatesInside(rotary, headDim) ? {} : positions) });
  });
  return rotaries.map((rotary) => drawn.get(rotary) ?? null);
}
