/** A decoder's graph by others: checked against its configuration, and how its inputs, outputs and cache are served. */
import { OctavoError } from '../../errors.js';
import type { DecoderPorts } from '../decoder/decoder-ports.js';
import type { GraphFacts, ValueFacts } from '../onnx-file/graph-facts.js';
import type { DecoderPlan } from '../served-folder.js';
import { describeDims, readCacheDims } from './cache-dims.js';
import { agree, bounded, type ConfigFacts } from './config-facts.js';
import { type DecoderNames, ofLayer } from './decoder-names.js';
import { givenInputs, integerType, refuseOtherInputs, requireFloat32, requireValue } from './graph-values.js';
import { whyGrowing } from './in-place.js';

export interface DecoderExport {
  readonly shape: DecoderPlan['shape'];
  readonly ports: DecoderPorts;
  /** Why the cache is not written in place; empty when it is. */
  readonly growing: string;
}

/** Whether the graph takes the cache of a first layer. */
export function isDecoder({ inputs }: GraphFacts, { past }: DecoderNames): boolean {
  const first = ofLayer(past, 0);
  return inputs.some(({ name }) => first.includes(name));
}

/** Throws `invalid_model` where graph and configuration differ, `unsupported_model` for what cannot be served. */
export function readDecoderExport(facts: GraphFacts, names: DecoderNames, config: ConfigFacts): DecoderExport {
  const inputs = givenInputs(facts);
  const layers = bounded('layers', agree('layers', config.layers, countLayers(inputs, names)), 1024);
  const cache = { past: ofLayers(names.past, layers), present: ofLayers(names.present, layers) };
  const [small, combined] = [[names.ids, names.mask, names.positions], names.past.length === 1];
  refuseOtherInputs(inputs, [...small, 'num_logits_to_keep', ...cache.past]);
  requireValue(inputs, names.ids, 'input');
  const tensors = [
    ...cache.past.map((name) => requireValue(inputs, name, 'input')),
    ...cache.present.map((name) => requireValue(facts.outputs, name, 'output')),
  ];
  const logits = requireValue(facts.outputs, names.logits, 'output');
  const shape = {
    ...{ layers, ...readCacheDims(tensors, { combined, config }) },
    vocab: bounded('tokens in the vocabulary', readVocab(logits, config), 1 << 22),
    context: agree('tokens of context', config.context, null),
  };
  const integers = integerType(inputs.filter(({ name }) => small.includes(name)));
  const { ids, mask, positions } = names;
  const ports = { ids, mask, positions, logits: logits.name, integers, cache, combined };
  const growing = whyGrowing(facts, ports);
  // Rows that run alone have no padding after their last token.
  const passing = growing === '' ? 'in-place' : 'growing';
  return { shape, ports: { ...ports, passing, keepsLast: passing === 'growing' }, growing };
}

function countLayers(inputs: readonly ValueFacts[], { past }: DecoderNames): number {
  const names = new Set(inputs.map(({ name }) => name));
  let layers = 0;
  while (ofLayer(past, layers).some((name) => names.has(name))) layers++;
  return layers;
}

function ofLayers(patterns: readonly string[], layers: number): readonly string[] {
  return Array.from({ length: layers }, (_, layer) => ofLayer(patterns, layer)).flat();
}

/** Logits are [rows, tokens, vocab]. */
function readVocab(logits: ValueFacts, config: ConfigFacts): number {
  requireFloat32(logits);
  const { name, dims } = logits;
  if (dims.length === 3) return agree('tokens in the vocabulary', config.vocab, dims[2] ?? null);
  const message = `"${name}" of the graph is [${describeDims(dims)}]; served is [rows, tokens, vocabulary].`;
  throw new OctavoError('unsupported_model', message);
}
