/**
 * Whether the client that sent a request takes a reply in gzip (RFC 9110, section 12.5.3). One that says nothing is sent plain text.
 *
 * Cloudflare overwrites the header with what it takes itself, and keeps the client's in `cf` (its documentation, "Cloudflare HTTP
 * headers"). Of a type that it does not compress itself, a reply goes to the client as the Worker has encoded it.
 */
export function takesGzip(request: Request): boolean {
  const { cf } = request as { cf?: { clientAcceptEncoding?: string } };
  const said = cf === undefined ? request.headers.get("Accept-Encoding") : cf.clientAcceptEncoding;
  const weights = new Map((said ?? "").split(",").map(weighted));
  return (weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0) > 0;
}

/** What a member of the list names, and how much it is wanted. */
function weighted(member: string): [coding: string, weight: number] {
  const [coding = "", ...parameters] = member.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return [coding, weight === undefined ? 1 : Number(weight) || 0];
}
