import { useState } from "preact/hooks";
import { api, deviceApproval } from "../api/client.ts";
import type { DeviceDecision, DeviceRequest } from "../api/types.ts";
import { Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { DEFAULT_KEY_SECONDS, KeyLength, KeyLimits } from "../components/key-limits.tsx";
import { Time } from "../components/time.tsx";
import { environmentNames } from "../lib/environments.ts";
import { useResource } from "../lib/hooks.ts";
import { focusNextHeading, usePlace } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

type Step =
  | { is: "code" }
  | { is: "request"; request: DeviceRequest }
  | { is: "decided"; decision: DeviceDecision };

/**
 * Approves the login of a program that has no browser, by the code that it shows. The code may be in the address after `#`, which
 * no server sees.
 */
export function DevicePage() {
  const { hash } = usePlace();
  // Another code in the address is another login.
  return <Device key={hash} given={new URLSearchParams(hash).get("code") ?? ""} />;
}

function Device({ given }: { given: string }) {
  const [code, setCode] = useState(given);
  const [step, setStep] = useState<Step>({ is: "code" });
  const go = (next: Step) => {
    focusNextHeading();
    setStep(next);
  };
  return (
    <section class="narrow">
      {step.is === "code" && (
        <EnterCode code={code} onChange={setCode} onFound={(request) => go({ is: "request", request })} />
      )}
      {step.is === "request" && (
        <Decide
          code={code}
          request={step.request}
          onDecided={(decision) => go({ is: "decided", decision })}
          onBack={() => go({ is: "code" })}
        />
      )}
      {step.is === "decided" && <Decided decision={step.decision} />}
    </section>
  );
}

function EnterCode({
  code,
  onChange,
  onFound,
}: {
  code: string;
  onChange: (code: string) => void;
  onFound: (request: DeviceRequest) => void;
}) {
  const { busy, errors, submit } = useSubmission(["userCode"], async () => {
    onFound(await deviceApproval.verify(code));
  });
  return (
    <>
      <Heading title="Log a program in" />
      <p class="muted">
        A program that has no browser, such as the command line on a server, shows a code. You see what asks
        before you decide.
      </p>
      <Form onSubmit={submit} refused={errors}>
        <div class="card">
          <TextField
            name="userCode"
            label="Code"
            hint="Eight letters, such as BCDF-GHJK."
            error={errors.fields.userCode}
            spellcheck={false}
            value={code}
            onChange={onChange}
          />
          <FormProblem message={errors.form} />
          <div class="actions">
            <Submit busy={busy} disabled={code.trim() === ""}>
              Continue
            </Submit>
          </div>
        </div>
      </Form>
    </>
  );
}

function Decide({
  code,
  request,
  onDecided,
  onBack,
}: {
  code: string;
  request: DeviceRequest;
  onDecided: (decision: DeviceDecision) => void;
  onBack: () => void;
}) {
  const [expiresIn, setExpiresIn] = useState(DEFAULT_KEY_SECONDS);
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const [scope, setScope] = useState(request.scope);
  const [envId, setEnvId] = useState<number | null>(null);
  const { busy, errors, submit } = useSubmission<[isApproved: boolean]>([], async (isApproved) => {
    onDecided(
      await (isApproved
        ? deviceApproval.approve(code, { expiresIn, scope, envId })
        : deviceApproval.deny(code)),
    );
  });
  const { client, address, isYourNetwork, requestedAt } = request;
  return (
    <>
      <Heading title="Approve this login?" />
      <Form onSubmit={() => submit(true)} refused={errors}>
        <div class="card">
          <dl class="facts">
            <div>
              <dt>It calls itself</dt>
              <dd>{client}</dd>
            </div>
            <div>
              <dt>It asks from</dt>
              <dd>
                {address ?? "an address that is not known"}
                {address !== null && isYourNetwork && ", as you do"}
                {address !== null && !isYourNetwork && <strong>, another network than yours</strong>}
              </dd>
            </div>
            <div>
              <dt>Since</dt>
              <dd>
                <Time at={requestedAt} precise />
              </dd>
            </div>
            <div>
              <dt>Code</dt>
              <dd class="figure">{shownCode(code)}</dd>
            </div>
          </dl>
          <div class="note">
            <p>
              <strong>Approve it only if you have just started it yourself</strong> and it shows this code. It
              acts as you, within what you choose here. If somebody has sent you the code, deny it.
            </p>
          </div>
          <KeyLimits
            names={environmentNames(environments.data ?? [])}
            scope={scope}
            onScope={setScope}
            envId={envId}
            onEnvironment={setEnvId}
          />
          <KeyLength
            label="It stays logged in for"
            hint="Its key is among your API keys, where you can revoke it."
            seconds={expiresIn}
            onChange={setExpiresIn}
          />
          <FormProblem message={errors.form} />
          <div class="actions">
            <Submit busy={busy}>Approve</Submit>
            <button type="button" class="danger-quiet" aria-disabled={busy} onClick={() => submit(false)}>
              Deny
            </button>
            <button type="button" class="quiet" onClick={onBack}>
              Another code
            </button>
          </div>
        </div>
      </Form>
    </>
  );
}

function Decided({ decision: { client, status } }: { decision: DeviceDecision }) {
  if (status === "denied") {
    return (
      <>
        <Heading title="Denied" />
        <p>{client} was told so, and has no key.</p>
      </>
    );
  }
  return (
    <>
      <Heading title="Approved" />
      <p>{client} is logged in within seconds: go back to it. You can close this page.</p>
      <p>
        Its key is in the list of your <a href="/keys">API keys</a> then.
      </p>
    </>
  );
}

/** A code as programs show it, however it was typed. */
function shownCode(typed: string): string {
  const letters = typed.replace(/[^a-z]/gi, "").toUpperCase();
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
