import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { type Forge, markerOf, placeComment } from "../comment/forge.ts";
import { gitHub, pullRequestOf } from "../comment/github.ts";
import { gitLab } from "../comment/gitlab.ts";
import { EXIT, Failure } from "../failure.ts";
import { countOption } from "../options.ts";
import { print, printJson, say } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

interface Options {
  name: string;
  number?: number;
  ifAny?: boolean;
}

/** `captures comment`: puts a summary where people review a change. */
export function addComment(program: Command, cli: Cli): void {
  program
    .command("comment")
    .description(
      "Put a file of Markdown on the pull request or merge request of this pipeline, in place of the one before.",
    )
    .argument("<file>", "what to write, such as the file of compare --markdown")
    .option("--name <name>", "which comment it is: one of each name is kept", "workload")
    .option("--number <number>", "of the pull request; by default that of the pipeline", countOption(1e9))
    .option("--if-any", "when the pipeline is of none, say so and end with 0")
    .addHelpText("after", HELP)
    .action(async (file: string, { name, number, ifAny }: Options) => {
      markerOf(name);
      const text = readText(file);
      const forge = forgeOf(cli, number);
      if (forge === null) {
        const none = "This pipeline is of no pull request or merge request";
        if (!ifAny) throw new Failure(none, EXIT.failed, "Say which one by --number.");
        return say(cli, `${none}: nothing was written.`);
      }
      const placed = await placeComment(forge, name, text);
      if (cli.global.json) return printJson(cli, placed);
      print(cli, clean(placed.url));
      say(cli, `The comment of ${forge.title} was ${placed.outcome}.`);
    });
}

const HELP = `
In GitHub Actions it needs GITHUB_TOKEN, with the permission pull-requests: write. In GitLab CI it needs GITLAB_TOKEN, an access
token with the scope api: a job's own token may not write notes. All else is in the variables of the pipeline.

Example:
  captures comment summary.md --if-any`;

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} can't be read: ${(error as Error).message}`);
  }
}

/**
 * What this pipeline is of; null when it is of no request.
 * @throws Failure outside of a pipeline, and without a token
 */
function forgeOf({ env, signal }: Cli, number: number | undefined): Forge | null {
  const call = { fetch: (request: Request) => fetch(request), signal };
  const { GITHUB_REPOSITORY, GITHUB_API_URL, CI_API_V4_URL, CI_PROJECT_ID } = env;
  if (GITHUB_REPOSITORY && GITHUB_API_URL) {
    const found = number ?? pullRequestOf(readEvent(env.GITHUB_EVENT_PATH));
    if (found === null) return null;
    const token = tokenIn(env, "GITHUB_TOKEN");
    return gitHub({ apiUrl: GITHUB_API_URL, repository: GITHUB_REPOSITORY, number: found, token }, call);
  }
  if (CI_API_V4_URL && CI_PROJECT_ID) {
    const found = number ?? (Number(env.CI_MERGE_REQUEST_IID) || null);
    if (found === null) return null;
    const webUrl = env.CI_MERGE_REQUEST_PROJECT_URL || null;
    const token = tokenIn(env, "GITLAB_TOKEN");
    return gitLab({ apiUrl: CI_API_V4_URL, project: CI_PROJECT_ID, number: found, token, webUrl }, call);
  }
  throw new Failure(
    "This is no pipeline of GitHub Actions or GitLab CI: their variables are not there",
    EXIT.usage,
  );
}

function tokenIn(env: Cli["env"], name: string): string {
  const token = env[name];
  if (!token)
    throw new Failure(`${name} is not set`, EXIT.usage, "captures comment --help says what it has to be.");
  return token;
}

/** The event that a workflow of GitHub was started by; undefined where there is none. */
function readEvent(path: string | undefined): unknown {
  if (!path) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Failure(`${path} can't be read: ${(error as Error).message}`);
  }
}
