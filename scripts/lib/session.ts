/**
 * What sends the requests of a client as a browser does: with the cookie of the session that an earlier reply has set.
 * @param send what to send them with
 */
export function withSession(
  send: (request: Request) => Promise<Response> = fetch,
): (request: Request) => Promise<Response> {
  let cookie = "";
  return async (request) => {
    if (cookie !== "") request.headers.set("cookie", cookie);
    const reply = await send(request);
    const session = reply.headers.getSetCookie().find((set) => /session_token=[^;]/.test(set));
    if (session !== undefined) cookie = session.split(";")[0] ?? "";
    return reply;
  };
}
