/*
 * What workerd itself writes while tests run. Its notes of every exception and lost connection are switched off in
 * vitest.config.ts; these two it writes at any level, though tests bring about on purpose what they say.
 */
const EXPECTED = [
  // A test lets an alarm come (`runAlarm`) in the moment in which it would have come by itself.
  /^NOSENTRY SQLite alarm handler canceled with requestScheduledAlarm\./,
  // A test cuts objects off in the middle of their work.
  /jsg\.Error: Application called abortAllDurableObjects\(\)\./,
];

/**
 * Keeps lines of workerd that tests provoke on purpose out of the output of the run. To be called in the process that runs workerd.
 * @returns shows them again
 */
export function hideExpectedOutput(): () => void {
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  stderr.write = ((chunk: string | Uint8Array, ...rest: []) =>
    typeof chunk === "string" && EXPECTED.some((line) => line.test(chunk))
      ? true
      : write(chunk, ...rest)) as typeof write;
  return () => {
    stderr.write = write;
  };
}
