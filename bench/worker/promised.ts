import { OVER_HTTP } from "../../src/http/security-headers.ts";

/*
 * What every reply of the API to a read is promised, made as a Worker without a framework would make it: in one object, in one
 * call. `requests.ts` compares the replies' headers with the API's: both have the same.
 */

/** What a reply says besides its body. */
export interface Said {
  /** For the request's line in the log, as src/http/request-log.ts writes it. */
  route: string;
  caller: string;
  captureId: number | undefined;
  /** When the request came, in milliseconds. */
  began: number;
  /** Headers of this reply alone. */
  headers: Record<string, string>;
}

/** A reply with an id, security headers and the bookmark of its session, and its line in the log. */
export function promised(
  request: Request,
  session: D1DatabaseSession,
  body: unknown,
  { route, caller, captureId, began, headers }: Said,
): Response {
  const requestId = crypto.randomUUID();
  const reply = new Response(JSON.stringify(body), {
    headers: {
      "Content-Type": "application/json",
      "X-Request-Id": requestId,
      "X-D1-Bookmark": session.getBookmark() ?? "",
      ...OVER_HTTP,
      ...headers,
    },
  });
  console.info(
    JSON.stringify({
      level: "info",
      event: "request",
      requestId,
      method: request.method,
      route,
      status: 200,
      duration: Date.now() - began,
      credential: "session",
      caller,
      captureId,
      clientRequestId: request.headers.get("X-Request-Id") ?? undefined,
      colo: (request.cf as { colo?: string } | undefined)?.colo,
      ray: request.headers.get("CF-Ray") ?? undefined,
    }),
  );
  return reply;
}
