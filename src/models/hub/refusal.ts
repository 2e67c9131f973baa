/** What a hub's status means, and what to do about it. */
import { OctavoError } from '../../errors.js';
import { type Answer, Interruption } from './http.js';

/** Statuses of a server in trouble, or of one that asks to wait. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * `X-Error-Code` is Hugging Face's, which answers 401 for what is not there too, so that nobody learns what is private
 * (`hf_raise_for_status` of huggingface_hub).
 */
export function toRefusal({ status, headers }: Answer, endpoint: URL, hasToken: boolean): Error {
  const where = endpoint.origin;
  if (passing.has(status)) return new Interruption(`${where} answers ${status}`);
  const code = headers.get('x-error-code');
  if (code === 'GatedRepo') return new OctavoError('forbidden', describeGate(where, hasToken));
  if (code === 'RevisionNotFound') return notFound(`${where} has no such revision of the model.`);
  if (code === 'EntryNotFound') return notFound(`${where} does not have a file that it lists.`);
  if (status === 401 || code === 'RepoNotFound') return notFound(describeMissing(where, hasToken));
  if (status === 403)
    return new OctavoError('forbidden', `${where} refuses access; HF_TOKEN must be allowed to read the model.`);
  if (status === 404) return notFound(describeMissing(where, hasToken));
  return new OctavoError('hub_unavailable', `${where} answers ${status}.`);
}

function notFound(message: string): OctavoError {
  return new OctavoError('model_not_found', message);
}

function describeGate(where: string, hasToken: boolean): string {
  const access = `The model is gated: ask for access on its page at ${where}`;
  return hasToken
    ? `${access}, with the account that HF_TOKEN is of.`
    : `${access}, then set HF_TOKEN to a token of yours.`;
}

function describeMissing(where: string, hasToken: boolean): string {
  const advice = hasToken ? 'HF_TOKEN is wrong or may not read it' : 'it is private and needs HF_TOKEN';
  return `${where} has no such model, or ${advice}.`;
}
