/** What is sent back. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  /** A text, or a body that is made while it is sent. */
  body: string | Iterable<Uint8Array>;
  /** Set for a body that is not sent to its end: what then becomes of the connection. */
  breakOff?: { afterBytes: number; how: "hang" | "reset" };
}

/** A reply, or what happens to the connection instead: left open without an answer, or cut off. */
export type Outcome = Reply | "hang" | "reset";

/** Someone else's answer: what a proxy or a wrong address would send. */
export function garbage(): Reply {
  return { status: 200, headers: { "content-type": "text/html" }, body: "<html><body>It works!</body>" };
}

/** What a proxy or a load balancer on the way says when it gets no answer. */
export function proxyError(): Reply {
  return {
    status: 502,
    headers: { "content-type": "text/html" },
    body: "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
  };
}

export function jsonReply(
  status: number,
  body: string,
  requestId: string,
  headers: Record<string, string> = {},
): Reply {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": requestId, ...headers },
    body,
  };
}

export function xmlReply(
  status: number,
  body: string,
  requestId: string,
  headers: Record<string, string> = {},
): Reply {
  return {
    status,
    headers: { "content-type": "text/xml", "x-amzn-requestid": requestId, ...headers },
    body,
  };
}

/** A reply to a download: bytes as they are, and of a length that nobody knows beforehand. */
export function streamReply(body: Iterable<Uint8Array>, requestId: string): Reply {
  return { status: 200, headers: { "content-type": "text/plain", "x-amzn-requestid": requestId }, body };
}
