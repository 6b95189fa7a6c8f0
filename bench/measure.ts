import type { Row } from "./table.ts";
import { bundle, memoryFolder, scratchFolder } from "./workerd.ts";

/** What a measure is given. */
export interface Bench {
  /** Less of everything, to see that it works: the figures mean little. */
  isQuick: boolean;
  /** Whether V8's inspector is to be connected to, and the bundles are to be read. */
  isProfile: boolean;
  /** The file of a server's slow log, where one is given. */
  slowLog: string | undefined;
  /** The file of a server's general log, where one is given. */
  generalLog: string | undefined;
  /** The commit whose pipeline today's is compared with, where one is given. */
  against: string | undefined;
  /** A main module, bundled once for all measures. */
  bundled(entry: string): Promise<string>;
  /** An empty folder of the measure's own. */
  folder(): string;
  /** An empty folder of the measure's own that is in memory, not on the disk. */
  memoryFolder(): string;
}

/** Something that is measured: its rows, or an error for what could not be. */
export interface Measure {
  name: string;
  run(bench: Bench): Promise<Row[]>;
}

/** What the measures of one run share. */
export function createBench({
  isQuick = false,
  isProfile = false,
  slowLog,
  generalLog,
  against,
}: Partial<Pick<Bench, "isQuick" | "isProfile" | "slowLog" | "generalLog" | "against">> = {}): Bench {
  const bundles = new Map<string, Promise<string>>();
  const bundleFolder = scratchFolder();
  return {
    isQuick,
    isProfile,
    slowLog,
    generalLog,
    against,
    folder: () => scratchFolder(),
    memoryFolder,
    bundled(entry) {
      const bundling = bundles.get(entry) ?? bundle(entry, bundleFolder, { isMinified: !isProfile });
      bundles.set(entry, bundling);
      return bundling;
    },
  };
}
