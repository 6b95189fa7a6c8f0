/// <reference types="vite/types/importMeta.d.ts" />
import { exports } from "cloudflare:workers";
import { env as variables } from "node:process";
import { afterEach, expect, test, vi } from "vitest";
import { createApiKey, createEnvironment, recordConsole, signUp } from "../support/api.ts";

const texts = import.meta.glob<string>(["/docs/client.md", "/test/client/example.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("the example of docs/client.md is the one that is compiled and run here", () => {
  const [, block] = /^```ts\n(.*?)^```$/ms.exec(texts["/docs/client.md"] ?? "") ?? [];
  expect(block).toBe(texts["/test/client/example.ts"]);
});

test("the example of docs/client.md schedules a capture, lists it, and is told that it can't be stopped yet", async () => {
  const admin = await signUp("Admin");
  expect((await createEnvironment(admin)).environment.id).toBe(1);
  variables.CAPTURES_KEY = (await createApiKey(admin)).key;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (...[input, init]: Parameters<typeof fetch>) =>
    input instanceof Request && input.url.startsWith("https://captures.example.com/")
      ? exports.default.fetch(input)
      : fetch(input, init),
  );
  const stop = recordConsole();
  try {
    await import("./example.ts");
  } finally {
    // The Worker's log is JSON.
    const lines = stop().filter((line) => !line.startsWith("{"));
    expect(lines).toEqual([
      "in an hour SCHEDULED",
      expect.stringMatching(
        /^Cannot stop a capture until it has started completely\. Try again soon\. [\w-]{8,}$/,
      ),
    ]);
  }
});
