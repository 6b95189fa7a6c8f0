/**
 * Lets at most so many requests run at once; the others wait for their turn. One that is aborted meanwhile is not sent.
 * @returns runs a request when it is its turn
 */
export function atMost(limit: number): <T>(signal: AbortSignal, request: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (signal, request) => {
    if (running < limit) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      signal.throwIfAborted();
      return await request();
    } finally {
      // The next one takes the place of this one.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
