import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Workload } from "../api/types.ts";
import { formatCount } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { useReadsStatements } from "../lib/reader.ts";
import { Loaded } from "./loading.tsx";
import { Time } from "./time.tsx";

/** What Amazon's own users ran, which is in no other figure: how much, and when opened also what. Viewers see how much. */
export function LeftOut({ captureId, leftOut }: { captureId: number; leftOut: Workload["leftOut"] }) {
  const [isOpen, setOpen] = useState(false);
  const reads = useReadsStatements();
  const amazon = useResource(isOpen ? `amazon/${captureId}` : null, (signal) =>
    api.captures.amazon(captureId, { signal }),
  );
  if (leftOut === null || leftOut.total === 0) return null;
  const users = leftOut.users.map(({ user, statements }) => `${user} ${formatCount(statements)}`);
  const text = `${formatCount(leftOut.total)} statements of Amazon's own users are left out (${users.join(", ")})`;
  if (!reads) return <p class="left-out">{text}</p>;
  return (
    <details class="left-out" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{text}</summary>
      <Loaded resource={amazon} what="the statements of Amazon's own users">
        {({ statements, others }) => (
          <div class="table-wrap">
            <table>
              <thead>
                <tr>
                  <th scope="col">Statement</th>
                  <th scope="col">User</th>
                  <th scope="col" class="number">
                    Calls
                  </th>
                  <th scope="col" class="middle">
                    Last seen
                  </th>
                </tr>
              </thead>
              <tbody>
                {statements.map(({ user, fingerprint, digest, count, lastSeen }) => (
                  <tr key={`${user}/${fingerprint}`}>
                    <th scope="row">
                      <code>{digest}</code>
                    </th>
                    <td>{user}</td>
                    <td class="number">{formatCount(count)}</td>
                    <td class="middle">
                      <Time at={lastSeen} precise />
                    </td>
                  </tr>
                ))}
                {others > 0 && (
                  <tr>
                    <th scope="row">Others, which are not told apart</th>
                    <td />
                    <td class="number">{formatCount(others)}</td>
                    <td class="middle" />
                  </tr>
                )}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </details>
  );
}
