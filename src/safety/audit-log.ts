/** The audit log: one line of JSON for each finding, without the text unless it is asked for. */
import { createHmac, randomBytes } from 'node:crypto';
import { OctavoError } from '../errors.js';
import type { OnFinding } from './guard.js';
import { RotatingFile, type Rotation } from './rotating-file.js';
import type { Finding, TextOrigin } from './safety.js';

export interface AuditSettings extends Rotation {
  readonly file: string;
  /** Key of the hashes; `null`: a new one, so that hashes can be compared within one run alone. */
  readonly key: string | null;
  /** Lines hold the texts that were found. */
  readonly withText: boolean;
  /** Told when lines could not be written. */
  readonly onError: (error: unknown, lines: number) => void;
}

/** Digits of a tenant's digest: enough to tell keys apart, and no more. */
const tenantDigits = 16;

export class AuditLog {
  readonly #settings: AuditSettings;
  readonly #file: RotatingFile;
  readonly #key: string | Buffer;
  /** Lines of this turn of the event loop, written together. */
  #lines: string[] = [];

  /** Throws `invalid_config` where the file cannot be written. */
  constructor(settings: AuditSettings) {
    this.#settings = settings;
    this.#key = settings.key ?? randomBytes(32);
    try {
      this.#file = new RotatingFile(settings.file, settings);
    } catch (error) {
      const message = `The audit log cannot be written: ${(error as Error).message}`;
      throw new OctavoError('invalid_config', message, null, { cause: error });
    }
  }

  /** For the findings in the texts of one origin. */
  readonly observe = (origin: TextOrigin): OnFinding => {
    return (finding, covered, length) => {
      if (this.#lines.length === 0) queueMicrotask(() => this.#flush());
      const line = { ...describe(origin, finding), length, ...this.#identify(covered, length) };
      this.#lines.push(`${JSON.stringify(line)}\n`);
    };
  };

  /** Writes what is left. What is found later is lost, and counted so. */
  close(): void {
    this.#flush();
    this.#file.close();
  }

  /** What had left before its verdict came is not here any more, and the hash of a rest is no text's. */
  #identify(covered: string, length: number): object {
    const hash = covered.length < length ? null : createHmac('sha256', this.#key).update(covered).digest('hex');
    return this.#settings.withText ? { hash, text: covered } : { hash };
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    try {
      this.#file.append(lines.join(''));
    } catch (error) {
      this.#settings.onError(error, lines.length);
    }
  }
}

function describe({ request, tenant, direction }: TextOrigin, finding: Finding): object {
  const { screen, rule, category, score, action } = finding;
  const origin = { request, tenant: tenant.slice(0, tenantDigits), direction };
  return { time: new Date().toISOString(), ...origin, screen, rule, category, score, action };
}
