/** What a person types for a model of a hub: `org/name@revision:variant`. */
import { OctavoError } from '../../errors.js';

export interface ModelReference {
  /** `org/name`, or a `name` of the time before organisations. */
  readonly repository: string;
  /** A branch, a tag, `refs/pr/1` or a commit. */
  readonly revision: string;
  /** Of the ONNX files, such as `q4`; `null`: the safetensors, to build from. */
  readonly variant: string | null;
}

const name = /[A-Za-z0-9][\w.-]{0,95}/.source;
const pattern = new RegExp(`^((?:${name}/)?${name})(?:@([\\w][\\w./-]{0,199}))?(?::([a-z0-9]{1,32}))?$`);

/** The revision is `main` when none is named. Throws `invalid_config`. */
export function parseReference(text: string): ModelReference {
  const [, repository, revision = 'main', variant = null] = pattern.exec(text) ?? [];
  if (repository === undefined || revision.includes('..')) {
    const message = `"${text}" does not name a model; expected org/name, org/name@revision or org/name:variant`;
    throw new OctavoError('invalid_config', `${message}.`);
  }
  return { repository, revision, variant };
}

/** As a person types it. */
export function formatReference({ repository, revision, variant }: ModelReference): string {
  return `${repository}${revision === 'main' ? '' : `@${revision}`}${variant === null ? '' : `:${variant}`}`;
}
