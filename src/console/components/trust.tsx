import { api } from "../api/client.ts";
import type { EnvironmentDraft } from "../lib/environment-draft.ts";
import { useResource } from "../lib/hooks.ts";
import { CopyFact, CopyText, policyText } from "./copy-text.tsx";
import { Loaded } from "./loading.tsx";
import { QuickCreate } from "./quick-create.tsx";
import { Time } from "./time.tsx";

/** What a new role has to trust: the service's identity, with the external id that it has made for the reader. */
export function Trust({
  draft,
  onChange,
}: {
  draft: EnvironmentDraft;
  onChange: (draft: EnvironmentDraft) => void;
}) {
  const trust = useResource("external-id", (signal) => api.environments.askForExternalId({ signal }));
  return (
    <div class="trust">
      <Loaded resource={trust} what="the trust policy" lines={5}>
        {(known) => (
          <>
            <p>
              In IAM, make a role with this <strong>custom trust policy</strong>, then paste its ARN below.
              Its permissions are shown once the instance is chosen.
            </p>
            <CopyText what="Trust policy" text={policyText(known.trustPolicy)} />
            <dl class="facts">
              <CopyFact name="The service's ARN" text={known.serviceArn} />
              <CopyFact name="External id" text={known.externalId} />
            </dl>
            <p class="hint">
              The external id was made for the next environment that you add by a role. It is kept for you
              until <Time at={known.expiresAt} />: you can leave this page and come back.
            </p>
            <QuickCreate trust={known} draft={draft} onChange={onChange} />
          </>
        )}
      </Loaded>
    </div>
  );
}
