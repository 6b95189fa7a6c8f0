/**
 * R2 did not do what it was asked: it was away, or failed. That may pass, and is no fault of the program's. Its message is for
 * people.
 */
export class StorageFailure extends Error {
  override readonly name = "StorageFailure";
}

/**
 * Asks R2 something.
 * @throws StorageFailure whatever it fails with: of what R2 is asked here, nothing is refused
 */
export async function askStorage<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new StorageFailure(
      `The storage of this service did not do what it was asked: ${said.slice(0, 300)}`,
      {
        cause: error,
      },
    );
  }
}
