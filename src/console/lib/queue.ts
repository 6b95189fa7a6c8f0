/** Sends a request when it is its turn. One whose signal is aborted while it waits is not sent. */
type InTurn = <T>(request: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Lets at most so many requests run at once; the others wait for their turn. */
export function atMost(limit: number): InTurn {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (request, signal) => {
    if (running < limit) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      signal?.throwIfAborted();
      return await request();
    } finally {
      // The next one takes the place of this one.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
