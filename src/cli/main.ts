#!/usr/bin/env node
import { runCli } from "./run.ts";

const code = await runCli(process.argv.slice(2));
// What was written has to be out. A connection that is still being closed is not waited for.
await Promise.all([process.stdout, process.stderr].map((out) => new Promise((done) => out.write("", done))));
process.exit(code);
