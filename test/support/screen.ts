/** What stands on a terminal, and the wait for it. */
import { Writable } from 'node:stream';

export class Screen extends Writable {
  /** Everything that was written. */
  text = '';
  readonly isTTY = true;
  #seen = 0;
  #wake = () => {};

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    this.#wake();
    done();
  }

  /** Resolves once `text` stands after what was waited for before. */
  async shows(text: string): Promise<void> {
    let at = this.text.indexOf(text, this.#seen);
    while (at === -1) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      at = this.text.indexOf(text, this.#seen);
    }
    this.#seen = at + text.length;
  }
}
