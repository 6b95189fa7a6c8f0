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

/** A value as a failed check shows it: as JSON, and not all of a long one. */
export function show(value: object | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** Prints `N passed, N failed`, as .ci/run reads it, and ends the process. */
export function report(): never {
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exit(counts.failed === 0 ? 0 : 1);
}
