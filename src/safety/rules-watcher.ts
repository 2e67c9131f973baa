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
  /** What was taken last, good or broken; `null` when the file could not be read. */
  #text: string | null;
  /** What the last look read. */
  #seen: string | null;
  readonly #timer: NodeJS.Timeout;

  /** Reads the file; throws `invalid_config`. */
  constructor(file: string, report: RulesReport, everyMs: number = defaultEveryMs) {
    this.#file = file;
    this.#report = report;
    const text = readRulesText(file);
    this.#text = text;
    this.#seen = text;
    this.screen = new RuleScreen(parseRules(text, file));
    this.#timer = setInterval(() => this.check(), everyMs).unref();
  }

  /** Reads the file; each state of it is told once, when two looks have read the same: half of it may be written. */
  check(): void {
    let text: string | null = null;
    try {
      text = readRulesText(this.#file);
      if (!this.#isNew(text)) return;
      const rules = parseRules(text, this.#file);
      this.screen.replace(rules);
      this.#report.rulesRead(this.#file, rules.length);
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error;
      if (text !== null || this.#isNew(null)) this.#report.rulesRefused(error);
    }
  }

  #isNew(text: string | null): boolean {
    const isSettled = text === this.#seen;
    this.#seen = text;
    if (!isSettled || text === this.#text) return false;
    this.#text = text;
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
