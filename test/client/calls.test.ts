import { CapturesError } from "@captures/client";
import { describe, expect, test, vi } from "vitest";
import { answering, clientOf, errorOf, refusal } from "./support.ts";

describe("a call", () => {
  test("reads what the client has written: it sends the newest bookmark that was received", async () => {
    const bookmarks = ["00000002-b", "00000001-a", null, "00000002-c"];
    const sentBookmarks: (string | null)[] = [];
    const send = async (request: Request) => {
      sentBookmarks.push(request.headers.get("x-d1-bookmark"));
      const bookmark = bookmarks.shift();
      return Response.json([], bookmark ? { headers: { "x-d1-bookmark": bookmark } } : {});
    };
    const { environments } = clientOf("captures_a-key", { fetch: send });
    await environments.delete(1);
    for (let reads = 0; reads < 4; reads++) await environments.list();
    expect(sentBookmarks).toEqual([null, "00000002-b", "00000002-b", "00000002-b", "00000002-c"]);
  });

  test("ends when its signal is aborted, also between two tries", async () => {
    const server = answering(refusal(503, { "retry-after": "30" }));
    const controller = new AbortController();
    const call = server.client().environments.list({ signal: controller.signal });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect(server.client().environments.list({ signal: controller.signal })).rejects.toThrow("enough");
  });

  test("sends its key to no other host, wherever a reply's link leads", async () => {
    const link = '<https://evil.example/api/captures?cursor=1>; rel="next"';
    const server = answering(Response.json([], { headers: { link } }));
    const list = server.client().captures.list();
    await expect(list.next()).rejects.toThrow("https://evil.example is not http://captures.test");
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["a line feed", "captures_se\ncret"],
    ["a control character", "captures_se\u0000cret"],
    ["a letter beyond ASCII", "captures_sécret"],
  ])("never shows a key with %s, which no header may have", (_, apiKey) => {
    let thrown: unknown;
    try {
      answering(Response.json([])).client({ apiKey });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CapturesError);
    const { message, stack, cause } = thrown as CapturesError;
    expect(message).toBe("The API key has a character that no header may have");
    expect(`${stack}${cause}`).not.toContain("cret");
  });

  test("sends its key without the line feed of the file that it was read from", async () => {
    const server = answering(Response.json([]));
    await server.client({ apiKey: "captures_a-key\n" }).environments.list();
    expect(server.requests[0]?.headers.get("authorization")).toBe("Bearer captures_a-key");
  });

  test.each([
    ["an HTML page", "<html>Bad gateway</html>"],
    ["a JSON that is no refusal", '"no"'],
    ["nothing", ""],
  ])("that a server on the way answers with %s is an error with a status too", async (_, body) => {
    const server = answering(new Response(body, { status: 502 }));
    expect(await errorOf(server.client().environments.list())).toMatchObject({
      status: 502,
      message: "The service answered 502",
      requestId: null,
    });
  });

  test("ignores an invalid Retry-After", async () => {
    const server = answering(refusal(429, { "retry-after": "soon" }));
    expect(await errorOf(server.client({ retries: 0 }).environments.list())).toMatchObject({
      retryAfter: null,
    });
  });
});
