import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { type Accounts, nowOf, type Principal } from "./accounts.ts";
import { commonErrors } from "./errors.ts";

/** A request as it arrived: nothing decoded, since the signature covers the raw text. */
export interface RawRequest {
  method: string;
  /** The path and the query as sent. */
  url: string;
  /** Names in lower case. */
  headers: IncomingHttpHeaders;
  body: Uint8Array;
}

/** What a signature must have been made for. */
export interface SigningScope {
  /** The service's name in credential scopes: `monitoring`, `rds`, `sts`, `iam`. */
  signingName: string;
  /** Whether the service takes any region's signature, and not only that of the account's own region. */
  anyRegion: boolean;
  /** The region that the service takes signatures of, if it is not the account's own. */
  regionFor?(accountRegion: string): string;
}

/** What the Authorization header says. */
interface Authorization {
  accessKeyId: string;
  /** yyyymmdd */
  date: string;
  region: string;
  service: string;
  terminator: string;
  signedHeaders: string[];
  signature: string;
}

const MAX_SKEW_MS = 15 * 60_000;
const ALGORITHM = "AWS4-HMAC-SHA256";
/** The shape of a region's name, such as `us-east-1`, `us-gov-west-1` or `eusc-de-east-1`. */
export const REGION: RegExp = /^[a-z]{2,4}(-[a-z]+){1,2}-\d$/;

/**
 * Finds out who signed a request, and that the signature is right: it is made again with AWS's own signer from the
 * raw request and the secret of the key that the request names.
 * @throws AwsError as AWS answers: no or a malformed Authorization, a header that should be signed and isn't, an
 *   unknown key, a missing, wrong or expired session token, another service or region, a date more than 15 minutes
 *   off, any other difference
 */
export async function verifySignature(
  request: RawRequest,
  accounts: Accounts,
  scope: SigningScope,
): Promise<Principal> {
  const authorization = parseAuthorization(request.headers.authorization);
  const longDate = signingDate(request.headers);
  requireSignedHeaders(request.headers, authorization.signedHeaders);

  const principal = accounts.principal(authorization.accessKeyId);
  if (principal === undefined) throw commonErrors.invalidToken();
  checkSession(principal, request.headers["x-amz-security-token"]);

  checkScope(authorization, scope, principal.account.region);
  if (!longDate.text.startsWith(authorization.date)) {
    const dates = `${authorization.date} != ${longDate.text.slice(0, 8)}, from '${longDate.text}'`;
    throw commonErrors.wrongSignature(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ${dates}.`,
    );
  }
  checkSkew(longDate, nowOf(principal.account));

  const expected = await sign(request, authorization, longDate.date, principal);
  if (expected !== authorization.signature) {
    throw commonErrors.wrongSignature(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret " +
        "Access Key and signing method. Consult the service documentation for details.",
    );
  }
  return principal;
}

/** The service that a request claims to be signed for, or undefined: enough to choose the form of an error. */
export function claimedService(headers: IncomingHttpHeaders): string | undefined {
  return /Credential=[^/\s,]+\/\d{8}\/[^/\s,]+\/([^/\s,]+)\//.exec(headers.authorization ?? "")?.[1];
}

/** The access key id that a request claims, or undefined. */
export function claimedAccessKeyId(headers: IncomingHttpHeaders): string | undefined {
  return /Credential=([^/\s,]+)\//.exec(headers.authorization ?? "")?.[1];
}

function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header === "") throw commonErrors.missingAuthentication();
  const [algorithm, ...rest] = header.split(" ");
  if (algorithm !== ALGORITHM) {
    throw commonErrors.incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm}'.`);
  }
  const fields = new Map(
    rest
      .join(" ")
      .split(",")
      .map((field) => {
        const [name = "", ...value] = field.trim().split("=");
        return [name, value.join("=")] as const;
      }),
  );
  const required = (name: string): string => {
    const value = fields.get(name);
    if (value) return value;
    throw commonErrors.incompleteSignature(`Authorization header requires '${name}' parameter.`);
  };
  const scope = required("Credential").split("/");
  if (scope.length !== 5) {
    throw commonErrors.incompleteSignature(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${scope.join("/")}'`,
    );
  }
  const [accessKeyId = "", date = "", region = "", service = "", terminator = ""] = scope;
  const signedHeaders = required("SignedHeaders").split(";");
  return { accessKeyId, date, region, service, terminator, signedHeaders, signature: required("Signature") };
}

function signingDate(headers: IncomingHttpHeaders): { text: string; date: Date } {
  const text = headers["x-amz-date"];
  if (typeof text !== "string") {
    throw commonErrors.incompleteSignature(
      "Authorization header requires existence of either a 'X-Amz-Date' header.",
    );
  }
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const [, year, month, day, hour, minute, second] = parts ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime())) {
    throw commonErrors.incompleteSignature(`Date must be in ISO-8601 'basic format'. Got '${text}'.`);
  }
  return { text, date };
}

/** Host and each x-amz- header must be covered, or someone on the way could change them. */
function requireSignedHeaders(headers: IncomingHttpHeaders, signed: readonly string[]): void {
  const required = ["host", ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))];
  const missing = required.find((name) => !signed.includes(name));
  if (missing !== undefined) {
    throw commonErrors.wrongSignature(`'${missing}' must be a 'SignedHeader' in the AWS Authorization.`);
  }
}

function checkSession(principal: Principal, token: string | string[] | undefined): void {
  if (principal.session?.token !== token) throw commonErrors.invalidToken();
  if (principal.session !== undefined && principal.session.expiresAt <= nowOf(principal.account)) {
    throw commonErrors.expiredToken();
  }
}

function checkScope(given: Authorization, scope: SigningScope, accountRegion: string): void {
  if (given.terminator !== "aws4_request") {
    throw commonErrors.wrongSignature("Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  const isRegionValid = scope.anyRegion
    ? REGION.test(given.region)
    : given.region === (scope.regionFor?.(accountRegion) ?? accountRegion);
  if (!isRegionValid) {
    throw commonErrors.wrongSignature(
      `Credential should be scoped to a valid region, not '${given.region}'. `,
    );
  }
  if (given.service !== scope.signingName) {
    throw commonErrors.wrongSignature(
      `Credential should be scoped to correct service: '${scope.signingName}'. `,
    );
  }
}

function checkSkew(signed: { text: string; date: Date }, now: number): void {
  const skew = signed.date.getTime() - now;
  if (Math.abs(skew) <= MAX_SKEW_MS) return;
  const here = basicFormat(now);
  throw commonErrors.wrongSignature(
    skew < 0
      ? `Signature expired: ${signed.text} is now earlier than ${basicFormat(now - MAX_SKEW_MS)} (${here} - 15 min.)`
      : `Signature not yet current: ${signed.text} is still later than ${basicFormat(now + MAX_SKEW_MS)} (${here} + 15 min.)`,
  );
}

async function sign(
  request: RawRequest,
  { region, service, signedHeaders }: Authorization,
  signingDate: Date,
  { accessKeyId, secretAccessKey }: Principal,
): Promise<string | undefined> {
  const [path = "/", ...query] = request.url.split("?");
  const headers: Record<string, string> = {};
  for (const name of signedHeaders) {
    const value = request.headers[name];
    if (value === undefined) return undefined;
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  // The signer takes a hash from this header on trust, so it has to be the body's.
  const claimedHash = headers["x-amz-content-sha256"];
  if (claimedHash !== undefined && claimedHash !== createHash("sha256").update(request.body).digest("hex")) {
    return undefined;
  }
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "http:",
      hostname: headers.host ?? "",
      path,
      query: queryBag(new URLSearchParams(query.join("?"))),
      headers,
      body: request.body,
    },
    { signingDate, signableHeaders: new Set(signedHeaders) },
  );
  return /Signature=([0-9a-f]{64})$/.exec(signed.headers.authorization ?? "")?.[1];
}

function queryBag(parameters: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}

/** ISO 8601 without punctuation and fraction, as SigV4 writes dates. */
function basicFormat(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
}
