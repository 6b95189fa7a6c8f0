import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Environment, Invite, OpenInvite, Role } from "../api/types.ts";
import { useResource } from "../lib/hooks.ts";
import { useSubmission } from "../lib/submission.ts";
import { Confirm } from "./confirm.tsx";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";
import { Loaded } from "./loading.tsx";
import { ROLE_NAMES, RoleOptions } from "./role-options.tsx";
import { ActionsHead, EndButton } from "./row-action.tsx";
import { Secret } from "./secret.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";

/** The invites of an environment: a form for a new one, and those that can still be used. For its admins. */
export function Invites({ environment }: { environment: Environment }) {
  const toasts = useToasts();
  const open = useResource(`invites/${environment.id}`, (signal) =>
    api.invites.list(environment.id, { signal }),
  );
  const [revoking, setRevoking] = useState<OpenInvite | null>(null);
  const revoke = async ({ id }: OpenInvite) => {
    await api.invites.revoke(environment.id, id);
    toasts.show("The invite is revoked");
    open.reload();
  };
  return (
    <>
      <InviteForm environment={environment} onMade={open.reload} />
      <Loaded resource={open} what="the invites">
        {(known) =>
          known.length > 0 && (
            <div class="table-wrap">
              <table>
                <caption>Open invites</caption>
                <thead>
                  <tr>
                    <th scope="col">For</th>
                    <th scope="col">As</th>
                    <th scope="col" class="middle">
                      By
                    </th>
                    <th scope="col">Until</th>
                    <ActionsHead />
                  </tr>
                </thead>
                <tbody>
                  {known.map((invite) => (
                    <tr key={invite.id}>
                      <th scope="row">{whom(invite)}</th>
                      <td>{ROLE_NAMES[invite.role]}</td>
                      <td class="middle">{invite.createdBy.name}</td>
                      <td>
                        <Time at={invite.expiresAt} />
                      </td>
                      <td class="row-action">
                        <EndButton
                          label={`Revoke the invite for ${whom(invite)}`}
                          onClick={() => setRevoking(invite)}
                        >
                          Revoke
                        </EndButton>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      {revoking !== null && (
        <Confirm
          title={`Revoke the invite for ${whom(revoking)}?`}
          action="Revoke"
          perform={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        >
          <p>Its link will be of no use any more.</p>
        </Confirm>
      )}
    </>
  );
}

const whom = ({ email }: OpenInvite): string => email ?? "whoever has the link";

function InviteForm({ environment, onMade }: { environment: Environment; onMade: () => void }) {
  const [role, setRole] = useState<Role>("member");
  const [email, setEmail] = useState("");
  const [invite, setInvite] = useState<Invite | null>(null);
  const { busy, errors, submit } = useSubmission(["email"], async () => {
    setInvite(await api.invites.create(environment.id, role, { email: email.trim() || null }));
    onMade();
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <div class="card">
        <h3>Invite somebody</h3>
        <div class="inline">
          <label>
            <span>As</span>
            <select value={role} onChange={({ currentTarget }) => setRole(currentTarget.value as Role)}>
              <RoleOptions />
            </select>
          </label>
          <Submit busy={busy}>Make an invite</Submit>
        </div>
        <TextField
          name="email"
          label="Only for this e-mail address (optional)"
          error={errors.fields.email}
          value={email}
          onChange={setEmail}
        />
        <FormProblem message={errors.form} />
        {invite !== null && (
          <Secret
            label={invite.email === null ? "Link for one person" : `Link for ${invite.email}`}
            value={`${location.origin}/invite#code=${invite.code}`}
            note={
              <>
                It is shown this once, and good until <Time at={invite.expiresAt} />.
              </>
            }
          />
        )}
      </div>
    </Form>
  );
}
