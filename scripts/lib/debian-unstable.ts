import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MIRROR = process.env.DEBIAN_MIRROR ?? "http://deb.debian.org/debian";

/** What is installed in a chroot, and how to see that it is there. */
export interface Wanted {
  /** What people call it. */
  name: string;
  packages: readonly string[];
  /** A file of it, as the chroot calls it, without the slash before. */
  file: string;
}

/**
 * Makes a chroot with Debian unstable and some of its packages, if they are not there: what is new enough is there first. Takes root,
 * debootstrap and the network.
 * @throws Error with what is missing, in words
 */
export async function installUnstable(root: string, { name, packages, file }: Wanted): Promise<void> {
  if (existsSync(join(root, file))) return;
  console.log(`Debian unstable with ${name} is installed in ${root}`);
  const options = {
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  };
  await run("debootstrap", ["--variant=minbase", "sid", root, MIRROR], options);
  // A mirror of unstable may be some weeks old.
  writeFileSync(join(root, "etc/apt/apt.conf.d/99proof"), 'Acquire::Check-Valid-Until "false";\n');
  const apt = (...args: string[]) => run("chroot", [root, "apt-get", ...args], options);
  await apt("update");
  await apt("install", "-y", "--no-install-recommends", ...packages);
}
