import { describe, expect, it, vi } from "vitest";
import { CapturesError } from "../../src/client/error.ts";
import { describe as inWords, sortErrors } from "../../src/console/lib/refusals.ts";

const FIELDS = ["name", "envId", "scheduledStart", "duration", "secretAccessKey", "email", "password"];
const refused = (message: string, status = 400) =>
  sortErrors(new CapturesError(message, { status, requestId: "a-request" }), FIELDS);

describe("what the server says of a form", () => {
  it("goes to the fields that it names, in its words", () => {
    expect(refused("name: must not be empty; duration: must be a number")).toEqual({
      fields: { name: "must not be empty", duration: "must be a number" },
      form: null,
    });
  });

  it("goes to the field at the end of a path", () => {
    expect(refused("credentials.secretAccessKey: must be an AWS secret access key, without spaces")).toEqual({
      fields: { secretAccessKey: "must be an AWS secret access key, without spaces" },
      form: null,
    });
  });

  it.each([
    ["Capture with the same name already exists in this environment", "name"],
    ["Duration must be at least 60 seconds", "duration"],
    ["Cannot schedule without a schedule start time", "scheduledStart"],
  ])("goes to the field that it is about, though it names none: %s", (message, field) => {
    expect(refused(message)).toEqual({ fields: { [field]: message }, form: null });
  });

  it.each([
    ["Capture not found", "This capture does not exist or was deleted"],
    ["Capture's environment not found", "This capture does not exist or was deleted"],
    ["Member not found", "Member not found"],
  ])("of what is not there says that it does not exist or was deleted: %s", (message, words) => {
    expect(refused(message, 404)).toEqual({ fields: {}, form: words });
    expect(inWords(new CapturesError(message, { status: 404, requestId: null }))).toBe(words);
  });

  it("is next to the environment when that is gone", () => {
    expect(refused("Environment does not exist", 404).fields).toEqual({
      envId: "This environment does not exist or was deleted",
    });
  });

  it("belongs to the form when it is about no field of it", () => {
    expect(refused("AWS refused the credentials: no such key (InvalidClientTokenId)").form).toMatch(/^AWS/);
    expect(refused("Password is wrong", 401).form).toBe("Password is wrong");
    expect(refused("redact: must be something").form).toBe("redact: must be something");
  });

  it("has the request's id when the fault is the service's", () => {
    const error = new CapturesError("Something went wrong on our side", {
      status: 500,
      requestId: "a-request",
    });
    expect(inWords(error)).toBe("Something went wrong on our side (request a-request)");
    expect(sortErrors(error, FIELDS)).toEqual({ fields: {}, form: inWords(error) });
  });

  it("is shown whatever was thrown", () => {
    expect(inWords(new Error("broken"))).toBe("broken");
    expect(inWords("broken")).toBe("broken");
  });

  it("says how long to wait after a 429", () => {
    const said = (message: string, retryAfter: number | null) =>
      inWords(new CapturesError(message, { status: 429, retryAfter }));
    expect(said("Too many requests", 7)).toBe("Too many requests. Wait 7 seconds before trying again.");
    expect(said("Please try again later.", 1)).toBe(
      "Please try again later. Wait a second before trying again.",
    );
    expect(said("Too many requests", null)).toBe("Too many requests");
    expect(said("Too many requests", 0)).toBe("Too many requests");
  });

  it("does not say how long to wait for other statuses", () => {
    const error = new CapturesError("Not just now", { status: 503, requestId: null, retryAfter: 5 });
    expect(inWords(error)).toBe("Not just now");
  });

  it("says that there was no answer when the connection is lost", () => {
    const lost = (cause: unknown) =>
      inWords(new CapturesError("The service could not be reached", { cause }));
    vi.stubGlobal("navigator", { onLine: true });
    expect(lost(new TypeError("Failed to fetch"))).toBe("The service can't be reached just now");
    expect(lost(new DOMException("", "TimeoutError"))).toBe("The service did not answer within 60 seconds");
    vi.stubGlobal("navigator", { onLine: false });
    expect(lost(new TypeError("Failed to fetch"))).toBe("You are offline");
    vi.unstubAllGlobals();
  });
});
