import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { action, page } from "./repository.ts";

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

/** The inputs of the action that a workflow gives. */
const usesIn = (text: string): Record<string, string>[] =>
  [...text.matchAll(/uses: your-account\/captures@[\s\S]*?with:\s*(\{.*\}|(?:\n {10}.*)+)/g)].map(
    ([, given = ""]) => parse(given) as Record<string, string>,
  );

test("the workflow of docs/ci.md is right by GitHub's own schema, and gives the action inputs that it has", () => {
  const blocks = [...page("docs/ci.md").matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block as string);
  const [workflow, twice] = blocks as [string, string];
  const { context } = parseWorkflow({ name: "load.yml", content: workflow }, new NoOperationTraceWriter());
  expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
  const { inputs } = parse(action) as { inputs: Record<string, { required?: boolean }> };
  const uses = [workflow, twice].flatMap(usesIn);
  expect(uses).toHaveLength(3);
  for (const given of uses) {
    expect(Object.keys(given).filter((name) => !(name in inputs))).toEqual([]);
    expect(Object.keys(inputs).filter((name) => inputs[name]?.required && !(name in given))).toEqual([]);
  }
});

test("docs/ci.md says of every input what it is", () => {
  const { inputs } = parse(action) as { inputs: Record<string, object> };
  const table = page("docs/ci.md");
  expect(Object.keys(inputs).filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});
