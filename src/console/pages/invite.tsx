import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { SeenInvite } from "../api/types.ts";
import { AskToConfirm } from "../components/ask-to-confirm.tsx";
import { Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { ROLE_NAMES } from "../components/role-options.tsx";
import { Time } from "../components/time.tsx";
import { useToasts } from "../components/toasts.tsx";
import { useResource } from "../lib/hooks.ts";
import { isUnproven } from "../lib/invites.ts";
import { regionName } from "../lib/regions.ts";
import { navigate, usePlace } from "../lib/router.ts";
import { useSession } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";

/** Joins an environment by an invite, once it is seen who invites and to what. Its code is in the address after `#`, which no server sees. */
export function InvitePage() {
  const { hash } = usePlace();
  const code = new URLSearchParams(hash).get("code") ?? "";
  return (
    <section class="narrow">
      <Heading title="Join an environment" />
      {code === "" ? <CodeForm /> : <Invitation key={code} code={code} />}
    </section>
  );
}

/** For a code that somebody has got without its link. */
function CodeForm() {
  const [code, setCode] = useState("");
  const { busy, errors, submit } = useSubmission(["code"], async () => {
    await api.invites.look(code);
    navigate(`/invite#code=${encodeURIComponent(code)}`);
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <div class="card">
        <TextField
          name="code"
          label="Invite code"
          error={errors.fields.code}
          value={code}
          onChange={(text) => setCode(text.trim())}
        />
      </div>
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy} disabled={code === ""}>
          See the invite
        </Submit>
      </div>
    </Form>
  );
}

/** Who invites, to what, and the way in. */
function Invitation({ code }: { code: string }) {
  const toasts = useToasts();
  const seen = useResource(`invite/${code}`, (signal) => api.invites.look(code, { signal }));
  const { busy, errors, submit } = useSubmission([], async () => {
    const environment = await api.invites.accept(code);
    toasts.show(`You have joined ${environment.name}`);
    navigate(`/environments/${environment.id}`, { replace: true });
  });
  if (isUnproven(seen.error)) return <Unproven busy={seen.loading} onConfirmed={seen.reload} />;
  return (
    <Loaded resource={seen} what="the invite">
      {(invite) => (
        <Form onSubmit={submit} refused={errors}>
          <Facts invite={invite} />
          <FormProblem message={errors.form} />
          <div class="actions">
            <Submit busy={busy}>Join</Submit>
          </div>
        </Form>
      )}
    </Loaded>
  );
}

/** What stands in the way of somebody whose address the invite is for, and has to be confirmed first. */
function Unproven({ busy, onConfirmed }: { busy: boolean; onConfirmed: () => void }) {
  const { user } = useSession();
  const [hasTried, setTried] = useState(false);
  return (
    <div class="card">
      <h2>Confirm your address first</h2>
      <AskToConfirm>
        <p>
          The invite is for <strong>{user.email}</strong>, and nobody has confirmed yet that this address is
          yours. Open the link of the mail that you got when you signed up, or of another one, and come back
          here.
        </p>
      </AskToConfirm>
      <div role="status">{hasTried && !busy && "It is not confirmed yet."}</div>
      <div class="actions">
        <button
          type="button"
          aria-disabled={busy}
          onClick={() => {
            if (busy) return;
            setTried(true);
            onConfirmed();
          }}
        >
          {busy ? "Looking…" : "I have confirmed it"}
        </button>
      </div>
    </div>
  );
}

function Facts({ invite: { environment, role, invitedBy, expiresAt } }: { invite: SeenInvite }) {
  return (
    <div class="card">
      <dl class="facts">
        <div>
          <dt>Environment</dt>
          <dd>{environment.name}</dd>
          <dd class="muted">
            {environment.instance} in {regionName(environment.region) ?? environment.region}
          </dd>
        </div>
        <div>
          <dt>Invited by</dt>
          <dd>{invitedBy.name}</dd>
          <dd class="muted">{invitedBy.email}</dd>
        </div>
        <div>
          <dt>As</dt>
          <dd>{ROLE_NAMES[role]}</dd>
        </div>
        <div>
          <dt>Until</dt>
          <dd>
            <Time at={expiresAt} />
          </dd>
        </div>
      </dl>
    </div>
  );
}
