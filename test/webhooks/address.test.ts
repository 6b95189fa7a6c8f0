import { describe, expect, it, test } from "vitest";
import { addressProblem, reachProblem } from "../../src/webhooks/address.ts";
import { isPublic } from "../../src/webhooks/public-addresses.ts";
import { startReceiver } from "./receiver.ts";

const ENV = { WEBHOOK_RESOLVER: "https://cloudflare-dns.com/dns-query" };

test.each([
  ...["93.184.215.14", "8.8.8.8", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e"].map(
    (address) => [address, true] as const,
  ),
  ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
  ...["192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"],
  ...["198.51.100.7", "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
  ...[
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
  ],
  ...[
    "2001:db8::1",
    "2002:a00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
  ],
  ...["", "localhost", "1.2.3", "8.8.8.8/8"],
])("%s is public: %s", (...given) => {
  const [address, expected = false] =
    given.length === 2 && typeof given[1] === "boolean" ? given : [given[0]];
  expect(isPublic(address as string)).toBe(expected);
});

test.each<readonly [address: string, problem: string | null]>([
  ["https://example.com/captures?key=1", null],
  ["https://example.com:8443/", null],
  ["https://93.184.215.14/", null],
  ["https://[2606:4700:4700::1111]/", null],
  ["http://example.com/", "must begin with https://"],
  ["ftp://example.com/", "must begin with https://"],
  ["example.com", "must be an address such as https://example.com/captures"],
  ["https://me:secret@example.com/", "must have no user name or password in it"],
  ["https://example.com:22/", "must have no other port below 1024 than 443"],
  [`https://example.com/${"a".repeat(2000)}`, "must be at most 2000 characters long"],
  ...[
    "https://localhost/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00::1]/",
    "https://169.254.169.254/latest",
    "https://intranet/",
    "https://db.internal/",
    "https://db.internal./",
    "https://printer.local/",
    "https://a.localhost/",
    "https://1.0.0.10.in-addr.arpa/",
  ].map((address) => [address, "must be on the public Internet"] as const),
])("an address %s: %s", (address, problem) => {
  expect(addressProblem({}, "standard", address)).toBe(problem);
});

test("Slack's addresses are Slack's", () => {
  expect(addressProblem({}, "slack", "https://hooks.slack.com/services/T/B/x")).toBeNull();
  expect(addressProblem({}, "slack", "https://hooks.slack.com.evil.com/services/T/B/x")).toMatch(
    /hooks\.slack\.com/,
  );
  expect(addressProblem({}, "slack", "https://hooks.slack.com:8443/services/T/B/x")).toMatch(
    /hooks\.slack\.com/,
  );
});

test("this machine can be reached only where that is allowed", async () => {
  const allowed = { ...ENV, WEBHOOK_LOOPBACK: "true" };
  for (const address of ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/"]) {
    expect(addressProblem(allowed, "standard", address)).toBeNull();
    expect(await reachProblem(allowed, new URL(address))).toBeNull();
    expect(addressProblem({ WEBHOOK_LOOPBACK: "false" }, "standard", address)).not.toBeNull();
  }
  expect(addressProblem(allowed, "standard", "http://10.0.0.1/")).not.toBeNull();
});

describe("a name", () => {
  const INSIDE = "It leads to an address that is not public";
  it.each([
    [{ A: ["93.184.215.14"], AAAA: ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"] }, null],
    [{ AAAA: ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"] }, null],
    [{ A: ["93.184.215.14", "192.168.0.1"] }, INSIDE],
    [{ A: ["93.184.215.14"], AAAA: ["fd00::1"] }, INSIDE],
    [{ A: ["93.184.215.14"], AAAA: ["::ffff:10.0.0.1"] }, INSIDE],
    [{ A: ["93.184.215.14"], CNAME: "db.internal." }, INSIDE],
    [{ A: ["93.184.215.14"], CNAME: "edge.cdn.com." }, null],
    [{ A: ["not an address"] }, INSIDE],
    [{ A: [] }, "Its name has no address"],
  ])("that leads to %j: %s", async (zone, problem) => {
    const receiver = startReceiver();
    receiver.dns["hooks.shop.com"] = zone;
    expect(await reachProblem(ENV, new URL("https://hooks.shop.com/"))).toBe(problem);
  });

  it("that can't be resolved is not sent to", async () => {
    const receiver = startReceiver();
    receiver.dns["hooks.shop.com"] = new Error("no network");
    await expect(reachProblem(ENV, new URL("https://hooks.shop.com/"))).rejects.toThrow("no network");
  });
});
