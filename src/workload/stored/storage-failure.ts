/** R2 failed, or was not there: transient, and no fault of the program. Its message is for people. */
export class StorageFailure extends Error {
  override readonly name = "StorageFailure";
}

/**
 * Asks R2 something.
 * @throws StorageFailure whatever the error is: R2 has no reason to refuse what it is asked here
 */
export async function askStorage<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const message = `The storage of this service did not do what it was asked: ${said.slice(0, 300)}`;
    throw new StorageFailure(message, { cause: error });
  }
}
