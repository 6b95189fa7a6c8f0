import { useRef, useState } from "preact/hooks";
import { trustPolicy } from "../../environments/policies.ts";
import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { accountOf } from "../lib/arn.ts";
import { useResource } from "../lib/hooks.ts";
import { AccessPolicy } from "./access-policy.tsx";
import { CopyText, policyText } from "./copy-text.tsx";
import { Loaded } from "./loading.tsx";

/** How an environment is reached, with the policies that belong to that: for its admins, nobody else is told. */
export function AccessSection({ environment }: { environment: FullEnvironment }) {
  const { credentials, region, instance, parameterGroup, cluster } = environment;
  if (credentials === null) return null;
  return (
    <section class="card" aria-labelledby="access-title">
      <h2 id="access-title">Access</h2>
      <dl class="facts">
        <div>
          <dt>{"roleArn" in credentials ? "Role" : "Access key"}</dt>
          <dd>
            <code>{"roleArn" in credentials ? credentials.roleArn : credentials.accessKeyId}</code>
          </dd>
        </div>
      </dl>
      <details>
        <summary>The permissions that it needs</summary>
        <AccessPolicy
          region={region}
          instance={instance}
          parameterGroup={parameterGroup}
          cluster={cluster ?? ""}
          account={"roleArn" in credentials ? accountOf(credentials.roleArn) : null}
        />
      </details>
      {"roleArn" in credentials &&
        (credentials.externalId === null ? (
          <p class="note">
            The external id of this role was chosen by a person. Give the role one that this service makes,
            without a pause: choose Edit, let the role's trust policy ask for the id that is shown there
            beside the old one, give the role's ARN again, then take the old id out.
          </p>
        ) : (
          <TrustOf externalId={credentials.externalId} />
        ))}
    </section>
  );
}

/** What stands in the trust policy for the service's identity, which is not known before it is asked for. */
const SERVICE_ARN = "SERVICE_ARN";

/**
 * The trust policy of a role with its own external id. To look at it makes nothing: the service's ARN is asked for by choice, as the
 * reply that has it makes an external id.
 */
function TrustOf({ externalId }: { externalId: string }) {
  const [isAsked, setAsked] = useState(false);
  const summary = useRef<HTMLElement>(null);
  const service = useResource(isAsked ? "external-id" : null, (signal) =>
    api.environments.askForExternalId({ signal }),
  );
  const policy = (serviceArn: string) => (
    <CopyText what="Trust policy" text={policyText(trustPolicy({ serviceArn, externalId }))} />
  );
  return (
    <details>
      <summary ref={summary}>The trust policy of its role</summary>
      {isAsked ? (
        <Loaded resource={service} what="the trust policy" lines={5}>
          {({ serviceArn }) => policy(serviceArn)}
        </Loaded>
      ) : (
        <div class="trust">
          {policy(SERVICE_ARN)}
          <p class="hint">
            Put the service's ARN for <code>{SERVICE_ARN}</code>. Showing it also makes the external id of
            your next environment, unless you have one already.
          </p>
          <div class="actions">
            <button
              type="button"
              onClick={() => {
                // The button goes, so its focus has to go elsewhere.
                summary.current?.focus();
                setAsked(true);
              }}
            >
              Show the service's ARN
            </button>
          </div>
        </div>
      )}
    </details>
  );
}
