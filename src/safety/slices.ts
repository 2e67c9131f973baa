/** A long text slice by slice, so that the event loop, and with it every other request, has its turn between two. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Code units of a slice: a few tens of milliseconds of rules. */
export const sliceLength = 16_384;

export async function* slicesInTurn(text: string): AsyncGenerator<string, void> {
  for (let at = 0; at < text.length; at += sliceLength) {
    yield text.slice(at, at + sliceLength);
    await nextTurn();
  }
}
