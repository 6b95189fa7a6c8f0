import { readFileSync, writeFileSync } from "node:fs";
import type { Command, Help } from "commander";
import type { Cli } from "../src/cli/cli.ts";
import { makeProgram } from "../src/cli/program.ts";

/*
 * `npm run docs:cli` writes docs/cli.md: what is above its commands is written here, and the commands are the help texts of the command
 * line itself. `npm run check` runs this with `--check`, which fails when the file is not what they say.
 */

const FILE = "docs/cli.md";
const INTRODUCTION = "scripts/docs-cli.md";
/** As wide as the help is in most terminals. */
const COLUMNS = 100;

const program = makeProgram(anyCli());
const described = `${readFileSync(INTRODUCTION, "utf8").trimEnd()}\n\n${commandsOf(program)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, described);
} else if (readFileSync(FILE, "utf8") !== described) {
  console.error(`${FILE} is stale: run \`npm run docs:cli\``);
  process.exit(1);
}

/** A command line that is only described, and runs nothing. */
function anyCli(): Cli {
  const { stdout: out, stderr: err } = process;
  const nothing = () => () => {};
  const signal = new AbortController().signal;
  return {
    ...{ env: {}, out, err, isInteractive: false, signal, global: {} },
    ...{ takeInterrupt: nothing, takeSignals: nothing },
  };
}

/** The help of each command that does something, in the order of the program's. */
function commandsOf(program: Command): string {
  const help = program.createHelp();
  const list = leavesOf(program, help).map(
    (command) =>
      `| [\`${nameOf(command)}\`](#${nameOf(command).replaceAll(" ", "-")}) | ${command.description()} |`,
  );
  const texts = leavesOf(program, help).map(
    (command) => `### ${nameOf(command)}\n\n\`\`\`text\n${textOf(command)}\n\`\`\``,
  );
  return ["| command | does |", "|---|---|", ...list, "", texts.join("\n\n")].join("\n");
}

/** The commands that have none below them; without `help`, which says itself what it does. */
function leavesOf(command: Command, help: Help): Command[] {
  const below = help.visibleCommands(command).filter((one) => one.name() !== "help");
  return below.length === 0 ? [command] : below.flatMap((one) => leavesOf(one, help));
}

/** Such as `captures env add`. */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** What `--help` prints, with what is added after it. */
function textOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => COLUMNS,
  });
  command.outputHelp();
  return text.trimEnd();
}
