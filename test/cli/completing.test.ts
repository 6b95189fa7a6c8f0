import { Command, Option } from "commander";
import { expect, test } from "vitest";
import { type Candidate, complete, type Source } from "../../src/cli/completing.ts";

const program = new Command("captures").option("--json", "as JSON").option("-u, --url <address>", "where");
program
  .command("start")
  .description("starts")
  .option("-e, --env <name>", "of what")
  .addOption(new Option("-w, --wait [state]", "waits").choices(["running", "done"]))
  .addOption(new Option("--log <log>", "which").choices(["general", "slow"]))
  .addOption(new Option("--secret <x>", "hidden").hideHelp())
  .option("-o, --output <file>", "into");
program.command("run").argument("<program...>");
program.command("hidden", { hidden: true });
const env = program.command("env").description("environments");
env.command("check").argument("<environment>");
program.command("compare").argument("<capture>").argument("<base>").argument("[more]");

const known: Record<Source, Candidate[]> = {
  environments: [
    { value: "prod", description: "db-1" },
    { value: "our staging", description: "db-2" },
  ],
  captures: [{ value: "7", description: "nightly" }],
};
const asked: Source[] = [];
const completed = async (...words: string[]) => {
  asked.length = 0;
  const completion = await complete(program, words, async (source) => {
    asked.push(source);
    return known[source];
  });
  return completion.files ? "files" : completion.candidates.map(({ value }) => value).join(" ");
};

test("the first word is a command, without the hidden ones", async () => {
  expect(await completed("")).toBe("start run env compare help");
  expect(await completed("st")).toBe("start");
  expect(await completed("x")).toBe("");
});

test("commands below a command are found, also behind options of the program", async () => {
  expect(await completed("env", "")).toBe("check help");
  expect(await completed("--json", "--url", "http://x", "env", "c")).toBe("check");
  expect(await completed("-u", "http://x", "st")).toBe("start");
});

test("options are those of the command and of the program, without the hidden ones", async () => {
  expect(await completed("start", "-")).toBe("--env --wait --log --output --json --url --help");
  expect(await completed("start", "--w")).toBe("--wait");
});

test("the value of an option is one of its choices, however it is written", async () => {
  expect(await completed("start", "--log", "")).toBe("general slow");
  expect(await completed("start", "--log", "s")).toBe("slow");
  expect(await completed("start", "--log=s")).toBe("--log=slow");
  // As bash breaks it.
  expect(await completed("start", "--log", "=")).toBe("general slow");
  expect(await completed("start", "--log", "=", "s")).toBe("slow");
  expect(await completed("start", "--nothing=s")).toBe("");
});

test("environments and captures are asked for only where they can stand", async () => {
  expect(await completed("start", "--env", "")).toBe("prod our staging");
  expect(await completed("start", "-e", "p")).toBe("prod");
  expect(await completed("env", "check", "o")).toBe("our staging");
  expect(await completed("compare", "7", "")).toBe("7");
  expect(asked).toEqual(["captures"]);
  await completed("start", "--log", "");
  expect(asked).toEqual([]);
});

test("an argument too many has no completion", async () => {
  expect(await completed("compare", "7", "6", "")).toBe("");
  expect(await completed("env", "check", "prod", "")).toBe("");
});

test("an option whose value may be absent does not take the next word", async () => {
  expect(await completed("compare", "--wait", "")).toBe("7");
});

test("files are the shell's own: of options that name one, and behind --", async () => {
  expect(await completed("start", "-o", "")).toBe("files");
  expect(await completed("start", "--output=a")).toBe("files");
  expect(await completed("run", "")).toBe("files");
  expect(await completed("run", "--json", "--", "npm", "run", "")).toBe("files");
  expect(await completed("env", "--", "")).toBe("");
});
