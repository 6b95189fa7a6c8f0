import { NoOperationTraceWriter } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { expect, test } from "vitest";
import { parse } from "yaml";
import action from "../../action.yml?raw";

/** What GitHub's own schema has against a text of action.yml. */
const errorsOfAction = (content: string): string[] =>
  parseAction({ name: "action.yml", content }, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map(({ message }) => message);

test("action.yml is right by GitHub's own schema", () => {
  expect(errorsOfAction(action)).toEqual([]);
  // It would be said.
  expect(errorsOfAction(action.replace("using: composite", "using: compost"))).not.toEqual([]);
});

test("no expression stands in a script of action.yml: what is put into it there could be a command", () => {
  const { runs } = parse(action) as { runs: { steps: { run: string }[] } };
  expect(runs.steps.filter(({ run }) => run.includes("${{"))).toEqual([]);
  expect(runs.steps.length).toBeGreaterThan(0);
});
