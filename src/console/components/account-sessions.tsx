import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import type { AccountSession } from "../api/types.ts";
import { formatDay } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { deviceOf } from "../lib/user-agent.ts";
import { Confirm } from "./confirm.tsx";
import { Loaded } from "./loading.tsx";
import { ActionsHead, EndButton } from "./row-action.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";

/**
 * Where the reader is signed in, this session first.
 * @param version grows when something else has ended sessions
 */
export function AccountSessions({ version }: { version: number }) {
  const toasts = useToasts();
  const read = async (signal: AbortSignal) => {
    const [all, current] = await Promise.all([account.listSessions({ signal }), account.session({ signal })]);
    const isThis = ({ token }: AccountSession) => token === current?.session.token;
    return all
      .map((session) => ({ ...session, isThis: isThis(session) }))
      .sort((a, b) => Number(b.isThis) - Number(a.isThis) || b.updatedAt.localeCompare(a.updatedAt));
  };
  const sessions = useResource("sessions", read, String(version));
  const [ending, setEnding] = useState<AccountSession | "others" | null>(null);
  const end = async () => {
    if (ending === null) return;
    if (ending === "others") await account.revokeOtherSessions();
    else await account.revokeSession(ending.token);
    toasts.show(ending === "others" ? "Your other sessions have ended" : "The session has ended");
    sessions.reload();
  };

  return (
    <section aria-labelledby="sessions-title">
      <h2 id="sessions-title">Sessions</h2>
      <div class="card">
        <p class="muted">Where you are signed in. A session ends a week after it was last seen.</p>
        <Loaded resource={sessions} what="your sessions">
          {(known) => (
            <>
              <div class="table-wrap">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Device</th>
                      <th scope="col" class="middle">
                        Signed in
                      </th>
                      <th scope="col">Last seen</th>
                      <ActionsHead />
                    </tr>
                  </thead>
                  <tbody>
                    {known.map((session) => (
                      <tr key={session.id}>
                        <th scope="row" title={session.userAgent ?? undefined}>
                          {deviceOf(session.userAgent)}
                          {/* Beneath it, so that the table fits a narrow screen: one with a single session has nothing to focus to scroll it by. */}
                          {session.ipAddress && <span class="muted beneath">{session.ipAddress}</span>}
                        </th>
                        <td class="middle">
                          <Time at={session.createdAt} />
                        </td>
                        {/* It is written down once a day. */}
                        <td>{session.isThis ? "now" : formatDay(session.updatedAt)}</td>
                        <td class="row-action">
                          {session.isThis ? (
                            "This session"
                          ) : (
                            <EndButton
                              label={`End the session of ${deviceOf(session.userAgent)}`}
                              onClick={() => setEnding(session)}
                            >
                              End
                            </EndButton>
                          )}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              {known.length > 1 && (
                <div class="actions">
                  <button type="button" class="danger-quiet" onClick={() => setEnding("others")}>
                    End all other sessions
                  </button>
                </div>
              )}
            </>
          )}
        </Loaded>
      </div>
      {ending !== null && (
        <Confirm
          title={
            ending === "others"
              ? "End all other sessions?"
              : `End the session of ${deviceOf(ending.userAgent)}?`
          }
          action={ending === "others" ? "End them" : "End it"}
          perform={end}
          onClose={() => setEnding(null)}
        >
          <p>
            {ending === "others"
              ? "You stay signed in here, and have to sign in again everywhere else."
              : "Whoever uses it has to sign in again."}
          </p>
        </Confirm>
      )}
    </section>
  );
}
