import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { parse } from "yaml";

/*
 * Runs action.yml as GitHub's runner does a composite action: its expressions are evaluated by GitHub's own evaluator, and its scripts run
 * in bash with the runner's files and variables. Whether the file is right by GitHub's schema, test/docs/ci.test.ts checks.
 */

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** An action as its file has it, as far as ours is. */
interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: { id: string; shell: string; run: string; env: Record<string, string> }[] };
}

/** What the runner gives a job. */
export interface Job {
  /** A folder of the job's own. */
  folder: string;
  /** The context `github`, as far as action.yml uses it. */
  github: { token: string; event: object };
  /** Variables of the job, and what steps have put there. */
  variables: Record<string, string>;
}

/** How a step ended. */
export interface StepResult {
  code: number | null;
  printed: string;
  outputs: Record<string, string>;
}

/** A copy of the repository's files, as the runner has one of an action: without what is installed or built. */
export function checkOutAction(folder: string): string {
  const to = join(folder, "action");
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: REPOSITORY,
    encoding: "utf8",
  });
  const needed = /^(?:action\.yml|package(?:-lock)?\.json|(?:src|scripts)\/.*)$/;
  for (const file of listed.split("\0").filter((name) => needed.test(name))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(REPOSITORY, file), join(to, file));
  }
  return to;
}

/** Makes what a job has of the runner. */
export function makeJob(
  folder: string,
  event: { name: string; headRef: string; refName: string; payload: object },
  variables: Record<string, string>,
): Job {
  const own = mkdtempSync(join(folder, "job-"));
  writeFileSync(join(own, "event.json"), JSON.stringify(event.payload));
  writeFileSync(join(own, "summary"), "");
  mkdirSync(join(own, "temp"));
  return {
    folder: own,
    github: { token: "github-token", event: event.payload },
    variables: {
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_NAME: event.name,
      GITHUB_EVENT_PATH: join(own, "event.json"),
      GITHUB_HEAD_REF: event.headRef,
      GITHUB_REF_NAME: event.refName,
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
      GITHUB_STEP_SUMMARY: join(own, "summary"),
      RUNNER_TEMP: join(own, "temp"),
      ...variables,
    },
  };
}

/** One use of the action, with these inputs. `onStart` gets the process of each of its scripts. */
export async function useAction(
  action: string,
  job: Job,
  inputs: Record<string, string>,
  onStart: (pid: number) => void = () => {},
): Promise<StepResult> {
  const { inputs: known, outputs, runs }: Action = parse(readFileSync(join(action, "action.yml"), "utf8"));
  const unknown = Object.keys(inputs).filter((name) => !(name in known));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown}`);
  const defaults = Object.entries(known).map(([name, { default: text = "" }]) => [name, text] as const);
  const contexts: Record<string, Value> = { github: job.github as unknown as Value };
  const given = defaults.map(([name, text]) => [name, inputs[name] ?? filled(text, contexts)] as const);
  contexts.inputs = Object.fromEntries(given);
  const steps: Record<string, Value> = {};
  let [code, printed]: [number | null, string] = [0, ""];
  for (const { id, run, env } of runs.steps) {
    const files = mkdtempSync(join(job.folder, "step-"));
    const [output, added, script] = ["output", "env", "script.sh"].map((name) => join(files, name)) as [
      string,
      string,
      string,
    ];
    for (const file of [output, added]) writeFileSync(file, "");
    writeFileSync(script, filled(run, contexts));
    const variables = Object.entries(env).map(([name, text]) => [name, filled(text, contexts)]);
    const ran = await runScript(script, job.folder, onStart, {
      ...job.variables,
      ...Object.fromEntries(variables),
      GITHUB_ACTION_PATH: action,
      GITHUB_OUTPUT: output,
      GITHUB_ENV: added,
    });
    [code, printed] = [ran.code, printed + ran.printed];
    steps[id] = { outputs: pairsIn(output) };
    Object.assign(job.variables, pairsIn(added));
    if (code !== 0) break;
  }
  contexts.steps = steps;
  const shown = Object.entries(outputs).map(([name, { value }]) => [name, filled(value, contexts)]);
  return { code, printed, outputs: Object.fromEntries(shown) };
}

async function runScript(
  script: string,
  cwd: string,
  onStart: (pid: number) => void,
  env: Record<string, string>,
): Promise<{ code: number | null; printed: string }> {
  const { PATH = "", HOME = "/" } = process.env;
  const words = ["--noprofile", "--norc", "-e", "-o", "pipefail", script];
  const registry = Object.entries(process.env).filter(([name]) => /^npm_config_/i.test(name));
  const child = spawn("bash", words, {
    cwd,
    env: { PATH, HOME, ...Object.fromEntries(registry), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onStart(child.pid as number);
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes) => {
      printed += bytes;
    });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, printed })));
}

/** Lines of `name=value`, as a step leaves them for the runner. */
const pairsIn = (file: string): Record<string, string> =>
  Object.fromEntries(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );

type Value = string | number | boolean | null | { [name: string]: Value };

/** A text with the values of its expressions. */
export const filled = (text: string, contexts: Record<string, Value>): string =>
  text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => {
    const { tokens } = new Lexer(expression).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), []).parse();
    return new Evaluator(parsed, dictionaryOf(contexts)).evaluate().coerceString();
  });

const dictionaryOf = (values: { [name: string]: Value }): data.Dictionary =>
  new data.Dictionary(...Object.entries(values).map(([key, value]) => ({ key, value: dataOf(value) })));

function dataOf(value: Value): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === "object") return dictionaryOf(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  return typeof value === "number" ? new data.NumberData(value) : new data.StringData(value);
}
