import { expect, test } from "vitest";
import {
  findBaseIfAny,
  findCapture,
  findCaptureId,
  findCaptureIfAny,
  findEnvironment,
  noBase,
} from "../../src/cli/finding.ts";
import { type Capture, createClient } from "../../src/client/index.ts";

const baseUrl = "https://captures.example.com";

/** A service that answers each path with what is said here, and notes what it was asked. */
function serviceWith(replies: Record<string, object[] | object>) {
  const asked: string[] = [];
  const client = createClient({
    baseUrl,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      asked.push(pathname + search);
      const reply = replies[pathname + search];
      return reply === undefined
        ? Response.json({ code: 404, message: "Capture not found" }, { status: 404 })
        : Response.json(reply);
    },
  });
  return { finding: { client, baseUrl, signal: new AbortController().signal }, asked };
}

const capture = (id: number) => ({ id, name: `capture ${id}`, status: "DONE" });

test("an id, and a capture's address in the console, are taken without asking the service", async () => {
  const { finding, asked } = serviceWith({});
  expect(await findCaptureId(finding, "7")).toBe(7);
  expect(await findCaptureId(finding, `${baseUrl}/captures/7`)).toBe(7);
  expect(await findCaptureId(finding, `${baseUrl}/captures/7/records?table=orders`)).toBe(7);
  expect(asked).toEqual([]);
});

test("an address of another service is refused, so that no other capture is stopped than the one that is meant", async () => {
  const { finding } = serviceWith({});
  await expect(findCaptureId(finding, "https://other.example.com/captures/7")).rejects.toThrow(
    /is of another service than https:\/\/captures.example.com/,
  );
  await expect(findCaptureId(finding, `${baseUrl}/environments/7`)).rejects.toThrow(
    /is no capture's address/,
  );
});

test("a name is looked up as a whole", async () => {
  const { finding, asked } = serviceWith({ "/api/captures?name=nightly&limit=2": [capture(3)] });
  expect(await findCaptureId(finding, "nightly")).toBe(3);
  expect(asked).toEqual(["/api/captures?name=nightly&limit=2"]);
});

test("a name of several captures is refused, with their ids", async () => {
  const { finding } = serviceWith({ "/api/captures?name=nightly&limit=2": [capture(9), capture(3)] });
  await expect(findCapture(finding, "nightly")).rejects.toThrow(/such as 9 and 3: say which by its id/);
});

test("last is the newest capture, and a label the newest that is done with it", async () => {
  const { finding } = serviceWith({
    "/api/captures?limit=1": [capture(12)],
    "/api/captures?status=DONE&label=branch%3Amain&limit=1": [capture(8)],
  });
  expect((await findCapture(finding, "last")).id).toBe(12);
  expect((await findCapture(finding, "label:branch=main")).id).toBe(8);
});

test("a capture that is not there is said to be missing in the words that asked for it", async () => {
  const { finding } = serviceWith({
    "/api/captures?limit=1": [],
    "/api/captures?status=DONE&label=branch%3Amain&limit=1": [],
    "/api/captures?name=nightly&limit=2": [],
  });
  await expect(findCapture(finding, "99")).rejects.toThrow("There is no capture 99");
  await expect(findCapture(finding, "last")).rejects.toThrow("There is no capture yet");
  await expect(findCapture(finding, "nightly")).rejects.toThrow('There is no capture "nightly"');
  await expect(findCapture(finding, "label:branch=main")).rejects.toThrow(/with the label branch:main/);
  expect(await findCaptureIfAny(finding, "label:branch=main")).toBeNull();
  expect(await findCaptureIfAny(finding, "99")).toBeNull();
});

test("an environment is found by its name before its id", async () => {
  const { finding } = serviceWith({
    "/api/environments": [
      { id: 1, name: "2" },
      { id: 2, name: "prod" },
    ],
  });
  expect((await findEnvironment(finding, "2")).id).toBe(1);
  expect((await findEnvironment(finding, "1")).id).toBe(1);
  expect((await findEnvironment(finding, "prod")).id).toBe(2);
});

test("an environment that is not there is refused, with those that are", async () => {
  const { finding } = serviceWith({ "/api/environments": [{ id: 1, name: "prod" }] });
  await expect(findEnvironment(finding, "Prod")).rejects.toMatchObject({
    message: 'There is no environment "Prod"',
    hint: "There is prod.",
  });
});

const asked = { ...capture(9), envId: 4 } as Capture;

test("a capture that is compared is not its own base, by a label or as the last one", async () => {
  const { finding } = serviceWith({
    "/api/captures?status=DONE&label=branch%3Amain&envId=4&limit=2": [capture(9), capture(8)],
    "/api/captures?limit=2": [capture(9), capture(7)],
    "/api/captures?status=DONE&label=branch%3Adev&envId=4&limit=2": [capture(9)],
  });
  expect(await findBaseIfAny(finding, "label:branch=main", asked)).toMatchObject({ id: 8 });
  expect(await findBaseIfAny(finding, "last", asked)).toMatchObject({ id: 7 });
  expect(await findBaseIfAny(finding, "label:branch=dev", asked)).toBeNull();
  expect(noBase("label:branch=dev", asked)).toBe(
    "There is no finished capture with the label branch:dev in environment 4, beside this one",
  );
});

test("several labels are all asked for, also with commas and equals signs in their values", async () => {
  const labels = "label=branch%3Amain&label=repository%3Aacme%2Fshop";
  const { finding } = serviceWith({
    [`/api/captures?status=DONE&${labels}&limit=1`]: [capture(5)],
    "/api/captures?status=DONE&label=note%3Aa%2C+b%3Dc&limit=1": [capture(6)],
    "/api/captures?status=DONE&label=a%3Ab&label=c%3Ad&limit=1": [],
  });
  expect((await findCapture(finding, "label:branch=main,repository=acme/shop")).id).toBe(5);
  expect((await findCapture(finding, "label:note=a, b=c")).id).toBe(6);
  await expect(findCapture(finding, "label:a=b,c=d")).rejects.toThrow(/with the labels a:b and c:d/);
});
