import { describe, expect, it } from "vitest";
import { CapturesError } from "../../src/client/error.ts";
import { readLabels, writeLabels } from "../../src/console/lib/labels.ts";
import { sortErrors } from "../../src/console/lib/refusals.ts";

describe("labels as they are typed", () => {
  it("are one in each line, with a colon after the key", () => {
    const labels = { release: "1.2", "team/a": "shop: the one in Berlin" };
    expect(writeLabels(labels)).toBe("release: 1.2\nteam/a: shop: the one in Berlin");
    expect(readLabels(`\n${writeLabels(labels)}\n  `)).toEqual(labels);
  });

  it("can have names that objects have of themselves", () => {
    expect(Object.entries(readLabels("__proto__: a\nconstructor: b"))).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it.each([
    ["release", '"release" needs a key and a value with a colon between them'],
    [": 1.2", '": 1.2" needs a key and a value with a colon between them'],
    ["a: 1\na: 2", '"a" is there twice'],
  ])("are refused next to their field: %j", (text, words) => {
    const refused = () => {
      try {
        return readLabels(text);
      } catch (error) {
        return sortErrors(error, ["labels"]);
      }
    };
    expect(refused()).toEqual({ fields: { labels: words }, form: null });
  });

  it("have the server's words about one of them next to their field", () => {
    const error = new CapturesError("labels.team/a: must not be empty", { status: 400, requestId: null });
    expect(sortErrors(error, ["name", "labels"]).fields).toEqual({ labels: "team/a must not be empty" });
  });
});
