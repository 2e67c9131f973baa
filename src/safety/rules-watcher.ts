/** A rules file that is read again when it changes, while the server runs. */
import { OctavoError } from '../errors.js';
import { RuleScreen } from './rule-screen.js';
import { parseRules, readRulesText } from './rules-file.js';

/** Milliseconds between two looks at the file. */
const defaultEveryMs = 1000;

export interface RulesReport {
  /** The file has changed, and this many rules count from now on. */
  rulesRead(file: string, rules: number): void;
  /** The file has changed, and is broken or gone: the old rules stay. The message names file and line. */
  rulesRefused(error: OctavoError): void;
}

/**
 * The file is read by its name again and again: it is small, and may be replaced by another (as editors do), mounted or
 * linked, of which no notification tells everywhere. Texts that are being screened keep the rules they began with.
 */
export class RulesWatcher {
  readonly screen: RuleScreen;
  readonly #file: string;
  readonly #report: RulesReport;
  /** What was read last, good or broken; `null` when the file could not be read. */
  #text: string | null;
  readonly #timer: NodeJS.Timeout;

  /** Reads the file; throws `invalid_config`. */
  constructor(file: string, report: RulesReport, everyMs: number = defaultEveryMs) {
    this.#file = file;
    this.#report = report;
    this.#text = readRulesText(file);
    this.screen = new RuleScreen(parseRules(this.#text, file));
    this.#timer = setInterval(() => this.check(), everyMs).unref();
  }

  /** Reads the file; each state of it is told once. */
  check(): void {
    const before = this.#text;
    try {
      this.#text = null;
      this.#text = readRulesText(this.#file);
      if (this.#text === before) return;
      const rules = parseRules(this.#text, this.#file);
      this.screen.replace(rules);
      this.#report.rulesRead(this.#file, rules.length);
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error;
      if (this.#text !== before) this.#report.rulesRefused(error);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
