/** The rules of a file, as it says at the time: texts that are being screened keep those they began with. */
import { type FileReport, FileWatcher } from './file-watcher.js';
import { RuleScreen } from './rule-screen.js';
import { parseRules, readRulesText } from './rules-file.js';

export class RulesWatcher {
  readonly screen: RuleScreen;
  readonly file: FileWatcher;

  /** Reads the file; throws `invalid_config`. */
  constructor(file: string, report: FileReport) {
    const text = readRulesText(file);
    this.screen = new RuleScreen(parseRules(text, file));
    const take = (changed: string) => {
      const rules = parseRules(changed, file);
      this.screen.replace(rules);
      report.read(file, rules.length);
    };
    this.file = new FileWatcher(text, { read: () => readRulesText(file), take, refused: report.refused });
  }
}
