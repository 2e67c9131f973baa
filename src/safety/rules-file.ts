/** Reads a rules file and says with line numbers what is wrong with it. */
import { compileRules, type Rule, RuleFault, ruleLimits, rulesSchema } from './rule.js';
import { parseYaml, readText } from './yaml-file.js';

/** Throws `invalid_config`, naming the file, the line and what is allowed. */
export function readRules(file: string): readonly Rule[] {
  return parseRules(readRulesText(file), file);
}

/** Throws `invalid_config`. */
export function readRulesText(file: string): string {
  const expected = 'a YAML file of rules, "default" or "off"';
  return readText(file, { flag: '--safety', expected, bytes: ruleLimits.fileBytes });
}

/** `name` stands for the file in messages. Throws `invalid_config`. */
export function parseRules(text: string, name: string): readonly Rule[] {
  const { value, fault } = parseYaml(text, name, rulesSchema);
  const seen = new Set<string>();
  return value.rules.flatMap((source, index) => {
    try {
      if (seen.has(source.id)) throw new RuleFault(['id'], `another rule has the id "${source.id}"; ids are unique`);
      seen.add(source.id);
      return compileRules(source);
    } catch (error) {
      if (error instanceof RuleFault) throw fault(['rules', index, ...error.path], error.message);
      throw error;
    }
  });
}
