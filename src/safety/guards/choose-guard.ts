/** The formats of generative guards that are known, and which of them a model has: by its moderation.json, or by its template. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import type { GuardFormat } from './guard-format.js';
import { llamaGuard3, llamaGuard4 } from './llama-guard.js';
import { qwen3Guard } from './qwen3guard.js';
import { shieldGemma } from './shield-gemma.js';

const formats: readonly GuardFormat[] = [llamaGuard3, llamaGuard4, qwen3Guard, shieldGemma];

export const guardNames: readonly string[] = formats.map(({ name }) => name);

const declaration = z.looseObject({ guard: z.string().optional() });

/** A model that generates text. */
interface Generating {
  readonly id: string;
  /** The content of its moderation.json; `null`: it has none. */
  readonly moderation: unknown;
  /** What its chat template writes for a conversation; `null` where it has none that can be used. */
  readonly framed: string | null;
}

/** Throws `invalid_model` where nothing says that it is a guard, or which. */
export function chooseGuard({ id, moderation, framed }: Generating): GuardFormat {
  const { guard } = declaration.safeParse(moderation).data ?? {};
  if (guard === undefined) {
    const recognised = formats.find(({ mark }) => mark !== null && framed?.includes(mark));
    if (recognised) return recognised;
    throw refusal(id, 'it generates text, and neither its chat template nor a moderation.json tells what guard it is');
  }
  const declared = formats.find(({ name }) => name === guard);
  if (declared) return declared;
  throw refusal(id, `its moderation.json names the guard ${JSON.stringify(guard.slice(0, 64))}, which is not known`);
}

function refusal(id: string, fault: string): OctavoError {
  const message =
    `The model ${id} cannot moderate: ${fault}. A moderation.json beside it names one of ${guardNames.join(', ')}, ` +
    'such as {"version": 1, "guard": "llama-guard-3"}; put it into the checkpoint and build again.';
  return new OctavoError('invalid_model', message);
}
