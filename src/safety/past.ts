/** The last characters of a text that scanners of it share. */

/** No character: before the text, and after it. */
export const outside = -1;

export class Past {
  last = outside;
  lastButOne = outside;

  add(code: number): void {
    this.lastButOne = this.last;
    this.last = code;
  }
}
