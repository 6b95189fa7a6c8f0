import { Command } from "commander";
import type { Cli, GlobalOptions } from "./cli.ts";
import { addAudit } from "./commands/audit.ts";
import { addCancel } from "./commands/cancel.ts";
import { addComment } from "./commands/comment.ts";
import { addCompare } from "./commands/compare.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDelete } from "./commands/delete.ts";
import { addDigest } from "./commands/digest.ts";
import { addDownload } from "./commands/download.ts";
import { addEnv } from "./commands/env.ts";
import { addLabel } from "./commands/label.ts";
import { addList } from "./commands/list.ts";
import { addLogin } from "./commands/login.ts";
import { addLogout } from "./commands/logout.ts";
import { addRecords } from "./commands/records.ts";
import { addRename } from "./commands/rename.ts";
import { addReplay } from "./commands/replay.ts";
import { addReport } from "./commands/report.ts";
import { addRestore } from "./commands/restore.ts";
import { addRun } from "./commands/run.ts";
import { addSchedule } from "./commands/schedule.ts";
import { addShow } from "./commands/show.ts";
import { addStart } from "./commands/start.ts";
import { addStop } from "./commands/stop.ts";
import { addTop } from "./commands/top.ts";
import { addWatch } from "./commands/watch.ts";
import { addWebhook } from "./commands/webhook.ts";
import { addWhoami } from "./commands/whoami.ts";
import description from "./package.json" with { type: "json" };

/** Adds one command, or several that belong together. */
type Add = (program: Command, cli: Cli) => void;

/** All commands, in the order of the help and of docs/cli.md. */
const COMMANDS: readonly Add[] = [
  addLogin,
  addLogout,
  addWhoami,
  addEnv,
  addStart,
  addRun,
  addList,
  addShow,
  addWatch,
  addStop,
  addCancel,
  addRename,
  addLabel,
  addDelete,
  addRestore,
  addTop,
  addCompletion,
  addRecords,
  addDigest,
  addCompare,
  addReport,
  addDownload,
  addReplay,
  addComment,
  addSchedule,
  addWebhook,
  addAudit,
];

/** The program `captures` with all its commands. */
export function makeProgram(cli: Cli): Command {
  const program = new Command("captures")
    .description("Records what a production database does; compares, searches and replays it.")
    .version(description.version, "--version", "print the version")
    .option("--json", "print JSON instead of text")
    .option("--url <address>", "the service's address (or the variable CAPTURES_URL)")
    .option("-q, --quiet", "print nothing but results and failures")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.out.write(text),
      writeErr: (text) => void cli.err.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .hook("preAction", () => {
      Object.assign(cli.global, program.opts<GlobalOptions>());
    });
  for (const add of COMMANDS) add(program, cli);
  return program;
}
