/** Replies of an operation by status, or where the description has one that operations share. */
type Replies<Reply> = Record<string, Reply | { $ref: string }>;

/** As much of a description as is needed here. */
export interface Described<Operation extends { responses: Record<string, unknown> }> {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, Operation["responses"][string]> };
}

/** Every operation of an OpenAPI description, with where it is, and with the replies that it shares with others as its own. */
export function operationsOf<Operation extends { responses: Record<string, unknown> }>({
  paths,
  components,
}: Described<Operation>): { path: string; method: string; operation: Operation }[] {
  const own = (replies: Replies<unknown>) =>
    Object.fromEntries(
      Object.entries(replies).map(([status, reply]) => [
        status,
        isShared(reply) ? shared(reply.$ref) : reply,
      ]),
    );
  const shared = ($ref: string) => components.responses[$ref.replace("#/components/responses/", "")];
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: { ...operation, responses: own(operation.responses as Replies<unknown>) },
    })),
  );
}

const isShared = (reply: unknown): reply is { $ref: string } =>
  typeof reply === "object" && reply !== null && "$ref" in reply;
