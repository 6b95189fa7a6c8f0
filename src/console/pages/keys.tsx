import { useState } from "preact/hooks";
import type { KeyScope } from "../../db/key-scopes.ts";
import { account, api } from "../api/client.ts";
import type { ApiKey } from "../api/types.ts";
import { Confirm } from "../components/confirm.tsx";
import { Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { DEFAULT_KEY_SECONDS, KeyLength, KeyLimits, scopeName } from "../components/key-limits.tsx";
import { Loaded } from "../components/loading.tsx";
import { ActionsHead, EndButton } from "../components/row-action.tsx";
import { Secret } from "../components/secret.tsx";
import { Time } from "../components/time.tsx";
import { useToasts } from "../components/toasts.tsx";
import { environmentNames } from "../lib/environments.ts";
import { useResource } from "../lib/hooks.ts";
import { useSubmission } from "../lib/submission.ts";

/** A day that the service knows in UTC. */
const UtcDay = ({ at }: { at: string }) => <time dateTime={at.slice(0, 10)}>{at.slice(0, 10)}</time>;

/** The keys by which the reader's programs use the API. */
export function KeysPage() {
  const toasts = useToasts();
  const keys = useResource("keys", (signal) => account.listKeys({ signal }));
  const [name, setName] = useState("");
  const [scope, setScope] = useState<KeyScope>("write");
  const [envId, setEnvId] = useState<number | null>(null);
  const [expiresIn, setExpiresIn] = useState<number | null>(DEFAULT_KEY_SECONDS);
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const names = environmentNames(environments.data ?? []);
  const [made, setMade] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);

  const { busy, errors, submit } = useSubmission(["name", "envId"], async () => {
    setMade(null);
    const { key } = await account.createKey({ name, scope, envId, expiresIn });
    setMade(key);
    setName("");
    keys.reload();
  });
  const revoke = async (key: ApiKey) => {
    await account.deleteKey(key.id);
    toasts.show(`${key.name ?? "The key"} is revoked`);
    keys.reload();
  };

  return (
    <section class="narrow">
      <Heading title="API keys" />
      <p class="muted">
        A program that sends a key acts as you, within what the key may do. Give each program one of its own,
        which may do no more than it has to. What it can ask for is in the <a href="/docs/">API reference</a>.
        One that shows a code, such as the command line on a server, is logged in{" "}
        <a href="/device">by its code</a>.
      </p>
      <Form onSubmit={submit} refused={errors}>
        <div class="card">
          <TextField
            name="name"
            label="What the key is for"
            error={errors.fields.name}
            value={name}
            onChange={setName}
          />
          <KeyLimits names={names} scope={scope} onScope={setScope} envId={envId} onEnvironment={setEnvId} />
          <KeyLength
            label="It is valid for"
            never="until it is revoked"
            seconds={expiresIn}
            onChange={setExpiresIn}
          />
          <FormProblem message={errors.form} />
          <div class="actions">
            <Submit busy={busy} disabled={name.trim() === ""}>
              Make a key
            </Submit>
          </div>
          {made !== null && <Secret label="The new key" value={made} note="It is shown this once." />}
        </div>
      </Form>
      <Loaded resource={keys} what="your keys">
        {(known) =>
          known.length === 0 ? (
            <p class="muted">You have no keys.</p>
          ) : (
            <div class="table-wrap">
              <table>
                <thead>
                  <tr>
                    <th scope="col">For</th>
                    <th scope="col">Begins with</th>
                    <th scope="col">May</th>
                    <th scope="col" class="middle">
                      Made
                    </th>
                    <th scope="col" class="middle">
                      Last used
                    </th>
                    <th scope="col" class="middle">
                      Valid until
                    </th>
                    <ActionsHead />
                  </tr>
                </thead>
                <tbody>
                  {known.map((key) => (
                    <tr key={key.id}>
                      <th scope="row">{key.name ?? "–"}</th>
                      <td>
                        <code>{key.start ?? ""}…</code>
                      </td>
                      <td>
                        {scopeName(key.scope)}
                        {key.envId !== null && (
                          <>
                            {" in "}
                            <a href={`/environments/${key.envId}`}>
                              {names.get(key.envId) ?? `environment ${key.envId}`}
                            </a>
                          </>
                        )}
                      </td>
                      <td class="middle">
                        <Time at={key.createdAt} />
                      </td>
                      <td class="middle">
                        {key.lastRequest === null ? "never" : <UtcDay at={key.lastRequest} />}
                      </td>
                      <td class="middle">
                        {key.expiresAt === null ? "it is revoked" : <Time at={key.expiresAt} />}
                      </td>
                      <td class="row-action">
                        <EndButton
                          label={`Revoke ${key.name ?? key.start ?? "this key"}`}
                          onClick={() => setRevoking(key)}
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
          title={`Revoke ${revoking.name ?? "this key"}?`}
          action="Revoke it"
          perform={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        >
          <p>Programs that use it are refused from now on.</p>
        </Confirm>
      )}
    </section>
  );
}
