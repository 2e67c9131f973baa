/** The policy of a file, as it says at the time: texts that are being screened keep the one they began with. */
import { type FileReport, FileWatcher } from './file-watcher.js';
import type { Decide } from './guard.js';
import type { Policy } from './policy.js';
import { type Known, parsePolicy, readPolicyText } from './policy-file.js';
import type { TextOrigin } from './safety.js';

export class PolicyWatcher {
  readonly file: FileWatcher;
  #policy: Policy;

  /** Reads the file; throws `invalid_config`. `known`: at the time, since rules change too, before the policy or after it. */
  constructor(file: string, known: () => Known, report: FileReport) {
    const text = readPolicyText(file);
    this.#policy = parsePolicy(text, file, known());
    const take = (changed: string) => {
      this.#policy = parsePolicy(changed, file, known());
      report.read(file, this.#policy.lines.length);
    };
    const read = () => readPolicyText(file);
    const basis = () => JSON.stringify(known());
    this.file = new FileWatcher(text, { read, take, basis, refused: report.refused });
  }

  readonly decideFor = (origin: TextOrigin): Decide => this.#policy.decideFor(origin);
}
