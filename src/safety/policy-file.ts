/** Reads a policy file and says with line numbers what is wrong with it. */
import { Policy, policyLimits, policySchema } from './policy.js';
import { parseYaml, readText } from './yaml-file.js';

/** `categories`: what the screens can find. Throws `invalid_config`, naming the file, the line and what is allowed. */
export function readPolicy(file: string, categories: readonly string[]): Policy {
  return parsePolicy(readText(file, { what: 'The safety policy', bytes: policyLimits.fileBytes }), file, categories);
}

/** `name` stands for the file in messages. Throws `invalid_config`. */
export function parsePolicy(text: string, name: string, categories: readonly string[]): Policy {
  const { value, fault } = parseYaml(text, name, policySchema);
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
      tenants: keys?.map((one) => (value.keys[one] ?? '').replace('sha256:', '')) ?? null,
      threshold: threshold ?? null,
      action,
    };
  });
  return new Policy(lines);
}
