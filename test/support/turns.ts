/** Turns of the event loop that others have while something is done. */
export async function turnsDuring(work: PromiseLike<unknown> | unknown): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work;
  isOver = true;
  return turns;
}
