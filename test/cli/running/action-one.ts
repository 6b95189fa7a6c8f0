import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../../scripts/lib/checks.ts";
import { checkOutAction, type Job, makeJob, useAction } from "./action-runner.ts";
import { appears } from "./appearing.ts";
import { type FakeGitHub, startGitHub } from "./fake-github.ts";
import { clientOf, type Pair, runNow, until } from "./pair.ts";
import { expectThat, type World } from "./world.ts";

/** What whoever opens a pull request chooses; each would be a command where it is put into a script. */
const EVIL = "x\"; touch pwned; `touch pwned` $(touch pwned) '";

/** The GitHub Action: its two ways of use, against the running service and a GitHub of this test. */
export async function checkAction(world: World, pair: Pair): Promise<void> {
  const github = await startGitHub("github-token");
  const context: Context = { world, pair, github, action: checkOutAction(world.folder) };
  const labels = { branch: "main", repository: "acme/shop", load: "load test" };
  await clientOf(world).captures.update(pair.base.id, { labels });
  try {
    await checkUses(context);
  } finally {
    await github.close();
  }
}

interface Context {
  world: World;
  pair: Pair;
  github: FakeGitHub;
  action: string;
}

let runs = Date.now();

/** A job of a pull request, or of a push to main. */
function jobOf({ world, github }: Context, event: "pull_request" | "push"): Job {
  const repository = { default_branch: "main" };
  const isPull = event === "pull_request";
  return makeJob(
    world.folder,
    {
      name: event,
      headRef: isPull ? EVIL : "",
      refName: isPull ? "7/merge" : "main",
      payload: isPull ? { repository, pull_request: { number: 7, title: EVIL } } : { repository },
    },
    { GITHUB_API_URL: github.url, GITHUB_RUN_ID: String(runs++) },
  );
}

const inputsOf = ({ world, pair }: Context) => ({
  url: world.address,
  key: world.key,
  env: pair.environment,
});

async function checkUses(context: Context): Promise<void> {
  const { world, github, action } = context;
  await check("the action captures while its command runs, fails on what is new, and comments", async () => {
    const job = jobOf(context, "pull_request");
    const run = `printf '[%s]' "\${CAPTURES_KEY-none}" "\${IN_TOKEN-none}"
      touch started; while [ ! -f done ]; do sleep 0.1; done`;
    const inputs = {
      ...inputsOf(context),
      run,
      labels: `team=${EVIL}\n\n  tier=1`,
      "fail-on": "new,gone:any",
    };
    const using = useAction(action, job, inputs);
    await appears(join(job.folder, "started"), using);
    await runNow(world);
    writeFileSync(join(job.folder, "done"), "");
    const { code, printed, outputs } = await using;
    expectThat(code === 3, `It ended with ${code}: ${printed}`);
    expectThat(printed.includes("[none][none]"), `The command got a secret: ${printed}`);
    expectThat(!existsSync(join(job.folder, "pwned")), "A name was run as a command");
    expectThat(outputs.found === "true", JSON.stringify(outputs));
    const capture = await clientOf(world).captures.getFull(Number(outputs["capture-id"]));
    const { branch, team, tier, load } = capture.labels;
    expectThat(
      branch === EVIL.trim() && team === EVIL.trim() && tier === "1",
      JSON.stringify(capture.labels),
    );
    expectThat(load === "load test" && capture.status === "DONE" && capture.log === "slow", capture.status);
    const summary = readFileSync(outputs.summary ?? "", "utf8");
    expectThat(summary.includes("- `new` **found**: 1 statement"), summary);
    expectThat(readFileSync(join(job.folder, "summary"), "utf8") === summary, "The job's summary is another");
    const [comment, ...more] = github.comments;
    expectThat(
      comment?.body === `<!-- captures: load test -->\n${summary}` && more.length === 0,
      "No comment",
    );
    expectThat(!printed.includes("::error::\u001b"), "It prints what a statement has for the runner");
  });

}

async function checkRefusals(context: Context): Promise<void> {
  const { world, github, action } = context;
  await check("the exit code is the command's, and what it did is compared all the same", async () => {
    const job = jobOf(context, "push");
    const { code, outputs } = await useAction(action, job, {
      ...inputsOf(context),
      run: "false | true\ntouch on",
    });
    expectThat(code === 1 && !existsSync(join(job.folder, "on")), `It ended with ${code}`);
    expectThat(existsSync(outputs.summary ?? ""), JSON.stringify(outputs));
  });

  await check("a token that may not write is a warning, and the summary stays", async () => {
    github.mayWrite = false;
    const { code, printed, outputs } = await useAction(action, jobOf(context, "pull_request"), {
      ...inputsOf(context),
      run: "true",
    });
    github.mayWrite = true;
    expectThat(code === 0 && existsSync(outputs.summary ?? ""), `${code}: ${printed}`);
    expectThat(printed.includes("::warning title=Captures::The comment could not be written"), printed);
    expectThat(printed.includes("Resource not accessible by integration"), printed);
  });

  await check("a job that is cancelled ends its command and its capture", async () => {
    const job = jobOf(context, "push");
    let script = 0;
    const inputs = { ...inputsOf(context), run: "touch started; exec sleep 300" };
    const using = useAction(action, job, inputs, (pid) => {
      script = pid;
    });
    await appears(join(job.folder, "started"), using);
    process.kill(script, "SIGINT");
    const { code, outputs, printed } = await using;
    expectThat(code !== 0, printed);
    await until(world, Number(outputs["capture-id"]), "DONE");
  });

  for (const [name, inputs, says] of [
    ["no key", { key: "" }, "There is no key"],
    ["no command", { run: "" }, "The input run is missing"],
    ["no environment", { env: "", run: "true" }, "The input env is missing"],
    ["another step", { step: "stop" }, "has to be run, start or finish"],
    ["a load that is no name", { load: "a -->" }, "The input load can have"],
    ["nothing to finish", { step: "finish" }, "No step before has started one"],
    ["another id", { step: "finish", "capture-id": "1; touch pwned" }, "No step before has started one"],
    ["a condition that is none", { run: "true", "fail-on": "--if-any" }, "--fail-on can't have"],
    [
      "an environment that is not there",
      { env: "nowhere", run: "touch ran" },
      "The capture could not be made",
    ],
  ] as const) {
    await check(`the action refuses ${name}`, async () => {
      const job = jobOf(context, "push");
      const { code, printed } = await useAction(action, job, { ...inputsOf(context), ...inputs });
      expectThat(code !== 0 && printed.includes(says), `${code}: ${printed}`);
      for (const file of ["pwned", "ran"])
        expectThat(!existsSync(join(job.folder, file)), `${file} is there`);
    });
  }
}
