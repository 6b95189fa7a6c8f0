/** A limiter that lets so many requests of each caller through, and the callers that it was asked about. */
export function limiter(limit: number): { limiter: RateLimit; callers: string[] } {
  const callers: string[] = [];
  const limiter: RateLimit = {
    limit: async ({ key }) => {
      callers.push(key);
      return { success: callers.filter((caller) => caller === key).length <= limit };
    },
  };
  return { limiter, callers };
}
