/**
 * A value that is made when it is first needed, and kept. Schemas are made so: a Worker that starts would else make all of them
 * before it answers its first request, which needs few.
 */
export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
