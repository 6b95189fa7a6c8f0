import { describe, expect, it } from "vitest";
import * as z from "zod";
import { storedFormat, Unreadable } from "../../src/lib/stored.ts";

const format = storedFormat("note", 2, () =>
  z.object({ text: z.string(), tags: z.array(z.string()).optional() }),
);

describe("what is stored", () => {
  it("has a version, which reading removes", () => {
    expect(JSON.parse(format.stringify({ text: "a" }))).toEqual({ version: 2, text: "a" });
    expect(format.parse(format.stringify({ text: "a", tags: ["b"] }))).toEqual({ text: "a", tags: ["b"] });
    expect(format.read(format.write({ text: "a" }))).toEqual({ text: "a" });
  });

  it("is read without a version, or with an earlier one, or with fields that are not known", () => {
    for (const version of [undefined, 1, 2]) {
      expect(format.read({ version, text: "a", later: true })).toEqual({ text: "a" });
    }
  });

  it.each([
    [
      "a newer version",
      '{"version":3,"text":"a"}',
      "The note is of version 3, and no later one than 2 is known",
    ],
    ["a version that is none", '{"version":"two","text":"a"}', /^The note is damaged: version: /],
    ["a field of another kind", '{"version":2,"text":5}', /^The note is damaged: text: invalid_type/],
    ["a field that is missing", '{"version":2}', /^The note is damaged: text: /],
    ["something else", "[]", /^The note is damaged: all of it: /],
    ["a cut", '{"version":2,"te', "The note is damaged: it is no JSON"],
  ])("is not taken for what it is not: %s", (_, json, message) => {
    expect(() => format.parse(json)).toThrow(Unreadable);
    expect(() => format.parse(json)).toThrow(message);
  });

  it("is not quoted in the error, since errors are logged", () => {
    const secret = "IDENTIFIED BY 'zQ7'";
    for (const json of [
      `{"text":"${secret}"`,
      JSON.stringify({ text: [secret] }),
      JSON.stringify({ text: "a", tags: secret }),
      JSON.stringify(secret),
    ]) {
      let message = "";
      try {
        format.parse(json);
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/^Unreadable: The note is damaged/);
      expect(message).not.toContain("zQ7");
    }
  });
});
