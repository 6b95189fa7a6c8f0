/*
 * What every reply of the API to a read is promised, made as a Worker without a framework would make it: in one object, in one
 * call. `requests.ts` compares the replies' headers with the API's, so that neither has any that the other has not.
 */

/** The API's, over plain HTTP. Which these are is checked by `requests.ts`; why, src/http/security-headers.ts says. */
const SECURITY_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Origin-Agent-Cluster": "?1",
  "Permissions-Policy":
    "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), payment=(), usb=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
  "X-Download-Options": "noopen",
  "X-Frame-Options": "DENY",
  "X-Permitted-Cross-Domain-Policies": "none",
  "X-XSS-Protection": "0",
};

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
      ...SECURITY_HEADERS,
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
