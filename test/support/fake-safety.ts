/** A safety filter of two words: FORBIDDEN blocks, SECRET is redacted; it holds back the word that is being written. */
import type { Finding, SafeText, Safety, StreamGuard } from '#octavo/safety/safety.js';

const block: Finding = { rule: 'forbidden', category: 'test', action: 'block' };
const redact: Finding = { rule: 'secret', category: 'test', action: 'redact' };

export const fakeSafety: Safety = {
  screenPrompt: (text) => screen(text),
  guardOutput: () => new FakeGuard(),
};

class FakeGuard implements StreamGuard {
  #held = '';
  #isBlocked = false;

  push(text: string): SafeText {
    this.#held += text;
    const end = this.#held.lastIndexOf(' ') + 1;
    return this.#release(end);
  }

  end(): SafeText {
    return this.#release(this.#held.length);
  }

  #release(end: number): SafeText {
    if (this.#isBlocked) return { text: '', blocked: true, findings: [] };
    const safe = screen(this.#held.slice(0, end));
    this.#held = this.#held.slice(end);
    this.#isBlocked = safe.blocked;
    return safe;
  }
}

function screen(text: string): SafeText {
  const at = text.indexOf('FORBIDDEN');
  if (at >= 0) return { text: text.slice(0, at), blocked: true, findings: [block] };
  const safe = text.replaceAll('SECRET', '[redacted]');
  return { text: safe, blocked: false, findings: safe === text ? [] : [redact] };
}
