import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { type Account, nowOf } from "./accounts.ts";
import type { ParameterGroup } from "./instances.ts";
import { followGroup } from "./logging.ts";

const kept = z.record(
  z.string(),
  z.record(
    z.string(),
    z.strictObject({ value: z.string(), applyMethod: z.enum(["immediate", "pending-reboot"]) }),
  ),
);

/**
 * What people set in an account's parameter groups, in a file: the real RDS does not forget it when somebody's machine goes
 * down. The logs themselves are not kept.
 */
export class ParameterFile {
  readonly #path: string;
  readonly #tell: (notice: string) => void;

  /** @param tell told in a sentence why the file could not be read or written */
  constructor(path: string, tell: (notice: string) => void) {
    this.#path = path;
    this.#tell = tell;
  }

  /** Gives an account's groups what the file says, and has its servers run with it; none of it if the file can't be read. */
  restore(account: Account): void {
    for (const [name, settings] of Object.entries(this.#read())) {
      const group = account.parameterGroups.get(name);
      if (group !== undefined) set(group, settings);
    }
    const now = nowOf(account);
    for (const instance of account.instances.values()) {
      const values = account.parameterGroups.get(instance.parameterGroup)?.values ?? new Map();
      if ([...values.values()].some(({ applyMethod }) => applyMethod === "pending-reboot")) {
        instance.parameterApplyStatus = "pending-reboot";
      }
      followGroup(account, instance, now);
    }
  }

  /** Writes what an account's groups have now: a process that is killed meanwhile leaves the file as it was. */
  save({ parameterGroups }: Account): void {
    const groups = [...parameterGroups].filter(([, { values }]) => values.size > 0);
    const content: z.infer<typeof kept> = Object.fromEntries(
      groups.map(([name, { values }]) => [name, Object.fromEntries(values)]),
    );
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.new`, JSON.stringify(content));
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#tell(`what was set in the parameter groups is not kept: ${(error as Error).message}`);
    }
  }

  #read(): z.infer<typeof kept> {
    try {
      return kept.parse(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch (error) {
      // There is none before the first change.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        this.#tell(`nothing is set in the parameter groups, since ${this.#path} can't be read`);
      }
      return {};
    }
  }
}

/** What needs no reboot has reached the servers since; the rest still waits for one. */
function set(group: ParameterGroup, settings: z.infer<typeof kept>[string]): void {
  for (const [name, setting] of Object.entries(settings)) {
    group.values.set(name, setting);
    if (setting.applyMethod === "immediate") group.effective.set(name, setting.value);
  }
}
