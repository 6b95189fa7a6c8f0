import { CapturesError } from "./error.ts";

/**
 * The lines of a body, as they arrive. Who stops reading them ends the request.
 * @throws CapturesError when the body breaks off; what the signal was aborted with
 */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const next = () =>
    reader.read().catch((cause) => {
      signal?.throwIfAborted();
      throw new CapturesError("The service's reply broke off", { cause });
    });
  let rest = "";
  try {
    for (let read = await next(); !read.done; read = await next()) {
      const lines = (rest + decoder.decode(read.value, { stream: true })).split("\n");
      rest = lines.pop() as string;
      yield* lines;
    }
    if (rest !== "") yield rest;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
