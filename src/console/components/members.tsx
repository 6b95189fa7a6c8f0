import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Environment, Member, Role } from "../api/types.ts";
import { useResource } from "../lib/hooks.ts";
import { navigate } from "../lib/router.ts";
import { useSession } from "../lib/session.ts";
import { Confirm } from "./confirm.tsx";
import { Invites } from "./invites.tsx";
import { Loaded } from "./loading.tsx";
import { ROLE_NAMES, RoleOptions } from "./role-options.tsx";
import { ActionsHead, EndButton } from "./row-action.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";

const AS: Record<Role, string> = { admin: "an admin", member: "a member", viewer: "a viewer" };

/** Who belongs to an environment; its admins change that. */
export function Members({ environment }: { environment: Environment }) {
  const { user } = useSession();
  const toasts = useToasts();
  const members = useResource(`members/${environment.id}`, (signal) =>
    api.members.list(environment.id, { signal }),
  );
  const [leaving, setLeaving] = useState<Member | null>(null);
  const isAdmin = environment.role === "admin";

  const setRole = async (member: Member, role: Role) => {
    await toasts.attempt(async () => {
      await api.members.setRole(environment.id, member.userId, role);
      toasts.show(`${member.name} is ${AS[role]} now`, {
        undo: () => void setRole({ ...member, role }, member.role),
      });
    });
    members.reload();
  };
  const remove = async (member: Member) => {
    await api.members.remove(environment.id, member.userId);
    if (member.userId === user.id) {
      toasts.show(`You have left ${environment.name}`);
      navigate("/environments");
      return;
    }
    toasts.show(`${member.name} is removed`);
    members.reload();
  };

  return (
    <section aria-labelledby="members-title">
      <h2 id="members-title">Members</h2>
      <p class="hint">
        A viewer sees figures and normalised statements, not what statements say, and changes nothing. A
        member reads all, and makes captures. An admin also changes the environment, its members, and
        everybody's captures.
      </p>
      <Loaded resource={members} what="the members">
        {(known) => (
          <div class="table-wrap">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Role</th>
                  <th scope="col" class="middle">
                    Since
                  </th>
                  <ActionsHead />
                </tr>
              </thead>
              <tbody>
                {known.map((member) => (
                  <tr key={member.userId}>
                    <th scope="row">
                      {member.name}
                      <span class="muted beneath">{member.email}</span>
                      {isAdmin && !member.emailVerified && (
                        <span class="beneath unconfirmed" title="Anybody can sign up with any address">
                          Address not confirmed
                        </span>
                      )}
                    </th>
                    <td>
                      {isAdmin ? (
                        <select
                          aria-label={`Role of ${member.name}`}
                          value={member.role}
                          onChange={({ currentTarget }) => void setRole(member, currentTarget.value as Role)}
                        >
                          <RoleOptions />
                        </select>
                      ) : (
                        ROLE_NAMES[member.role]
                      )}
                    </td>
                    <td class="middle">
                      <Time at={member.joinedAt} />
                    </td>
                    <td class="row-action">
                      {(isAdmin || member.userId === user.id) && (
                        <EndButton
                          label={member.userId === user.id ? "Leave" : `Remove ${member.name}`}
                          onClick={() => setLeaving(member)}
                        >
                          {member.userId === user.id ? "Leave" : "Remove"}
                        </EndButton>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {isAdmin && <Invites environment={environment} />}
      {leaving !== null && (
        <Confirm
          title={leaving.userId === user.id ? `Leave ${environment.name}?` : `Remove ${leaving.name}?`}
          action={leaving.userId === user.id ? "Leave" : "Remove"}
          perform={() => remove(leaving)}
          onClose={() => setLeaving(null)}
        >
          <p>
            {leaving.userId === user.id ? "You" : "They"} will not see its captures any more, until somebody
            sends an invite.
          </p>
        </Confirm>
      )}
    </section>
  );
}
