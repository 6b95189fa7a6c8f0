const counts = { passed: 0, failed: 0 };

/** Runs one check, and says and counts how it went. A check that throws has failed. */
export async function check(name: string, body: () => void | Promise<void>): Promise<void> {
  try {
    await body();
    counts.passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAILED  ${name}\n        ${(error as Error).message}`);
  }
}

/** Prints `N passed, N failed`, as .ci/run reads it, and ends the process. */
export function report(): never {
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exit(counts.failed === 0 ? 0 : 1);
}
