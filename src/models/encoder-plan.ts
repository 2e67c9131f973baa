/** What an encoder that `octavo build` wrote gives, as its manifest says. */
import { OctavoError } from '../errors.js';
import type { EncoderShape } from './encoder/encoder.js';
import type { Manifest } from './manifest.js';
import type { EncoderPlan } from './served-folder.js';
import type { EncoderHead } from './served-model.js';

/** Throws `unsupported_model` for one that is not served, `invalid_model` as `encoderShape`. */
export function encoderPlan(manifest: Manifest): EncoderPlan {
  const { vocab, context } = manifest.shape;
  return { kind: 'encoder', vocab, context, head: readHead(manifest), shape: encoderShape(manifest) };
}

/** What the graph of an encoder gives. Throws `invalid_model` for a manifest without it. */
export function encoderShape(manifest: Manifest): EncoderShape {
  const { task, name, dimensions, labels } = manifest;
  if (task === 'embed' && dimensions !== undefined) return { output: 'sentence_embedding', width: dimensions };
  if (task !== 'embed' && labels !== undefined) {
    return { output: 'logits', width: labels.length, perToken: task === 'tag' };
  }
  const missing = task === 'embed' ? 'dimensions' : 'labels';
  throw new OctavoError('invalid_model', `The manifest of ${name} has the task "${task}" but no ${missing}.`);
}

function readHead({ task, name, labels = [], dimensions = 0, scores }: Manifest): EncoderHead {
  if (task === 'tag') {
    throw new OctavoError('unsupported_model', `The model ${name} labels single tokens, which is not served yet.`);
  }
  return task === 'embed' ? { task, dimensions } : { task: 'classify', labels, scores: scores ?? 'softmax' };
}
