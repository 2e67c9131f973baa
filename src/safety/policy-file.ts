/** Reads a policy file and says with line numbers what is wrong with it. */
import { Policy, policyLimits, policySchema } from './policy.js';
import { parseYaml, readText } from './yaml-file.js';

/** What the lines of a policy may speak of. */
export interface Known {
  /** What the screens can find. */
  readonly categories: readonly string[];
  /** Who may ask: the digests of the server's API keys. */
  readonly tenants: readonly string[];
}

/** Throws `invalid_config`. */
export function readPolicyText(file: string): string {
  return readText(file, {
    flag: '--safety-policy',
    expected: 'a YAML file of a policy',
    bytes: policyLimits.fileBytes,
  });
}

/** `name` stands for the file in messages. Throws `invalid_config`, naming the file, the line and what is allowed. */
export function parsePolicy(text: string, name: string, { categories, tenants }: Known): Policy {
  const { value, fault } = parseYaml(text, name, policySchema);
  const unknownKey = Object.keys(value.keys).find((one) => !tenants.includes(tenantOf(value.keys, one)));
  if (unknownKey !== undefined) {
    throw fault(['keys', unknownKey], 'is the digest of no key of --api-keys, so its lines would never count');
  }
  const lines = value.policy.map(({ category, direction, keys, threshold, action }, index) => {
    // A misspelt category would be a line that never counts, and nobody would know.
    const unknown = category.find((one) => one !== '*' && !categories.includes(one));
    if (unknown !== undefined) {
      const known = categories.map((one) => `"${one}"`).join(', ') || 'none';
      throw fault(['policy', index, 'category'], `no screen finds "${unknown}"; categories are ${known}`);
    }
    const stranger = keys?.find((one) => !Object.hasOwn(value.keys, one));
    if (stranger !== undefined) {
      throw fault(['policy', index, 'keys'], `"${stranger}" is not one of the names under "keys"`);
    }
    return {
      categories: category,
      directions: direction ?? null,
      tenants: keys?.map((one) => tenantOf(value.keys, one)) ?? null,
      threshold: threshold ?? null,
      action,
    };
  });
  return new Policy(lines);
}

function tenantOf(keys: Readonly<Record<string, string>>, name: string): string {
  return (keys[name] ?? '').replace('sha256:', '');
}
