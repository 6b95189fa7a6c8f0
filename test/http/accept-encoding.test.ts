import { expect, it } from "vitest";
import { takesGzip } from "../../src/http/accept-encoding.ts";

const asking = (headers: HeadersInit, cf?: object) =>
  new Request("https://captures.test/", { headers, ...(cf && { cf }) } as RequestInit);

it.each([
  ["gzip", true],
  ["gzip, deflate, br, zstd", true],
  ["deflate, GZIP;q=0.5", true],
  ["*", true],
  ["br;q=1.0, *;q=0.1", true],
  ["x-gzip", true],
  ["", false],
  ["identity", false],
  ["br, zstd", false],
  ["gzip;q=0", false],
  ["gzip; q=0.000, *", false],
  ["*;q=0", false],
  ["gzip;q=much", false],
])("a client that accepts %j takes gzip: %s", (said, takes) => {
  expect(takesGzip(asking({ "Accept-Encoding": said }))).toBe(takes);
});

it("a client that does not say what it accepts is sent plain text", () => {
  expect(takesGzip(asking({}))).toBe(false);
});

it("behind Cloudflare, what the client accepts is what it said to Cloudflare", () => {
  const headers = { "Accept-Encoding": "br, gzip" };
  expect(takesGzip(asking(headers, { clientAcceptEncoding: "identity" }))).toBe(false);
  expect(takesGzip(asking(headers, { clientAcceptEncoding: "gzip" }))).toBe(true);
  expect(takesGzip(asking(headers, { colo: "FRA" }))).toBe(false);
});
