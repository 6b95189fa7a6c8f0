import { api } from "../api/client.ts";
import type { EnvironmentDraft } from "../lib/environment-draft.ts";
import { useResource } from "../lib/hooks.ts";
import { CopyFact, CopyText, policyText } from "./copy-text.tsx";
import { Loaded } from "./loading.tsx";
import { QuickCreate } from "./quick-create.tsx";
import { Time } from "./time.tsx";

/** What stands in the trust policy for an id that a person chose, which is not shown. */
const OLD = "OLD";

/**
 * What a role has to trust: the service's identity, with the external id that it has made for the reader. A role whose id a person
 * chose is told to ask for either of both meanwhile, as it is in use.
 */
export function Trust({
  draft,
  onChange,
  of,
}: {
  draft: EnvironmentDraft;
  onChange: (draft: EnvironmentDraft) => void;
  /** The role of which environment it is: of a new one, of one that had a key, or of one whose id a person chose. */
  of: "a new one" | "a change" | "a person's id";
}) {
  const trust = useResource("external-id", (signal) => api.environments.askForExternalId({ signal }));
  return (
    <div class="trust">
      <Loaded resource={trust} what="the trust policy" lines={5}>
        {(known) => (
          <>
            {of === "a person's id" ? (
              <Replacement externalId={known.externalId} />
            ) : (
              <>
                <p>
                  In IAM, make a role with this <strong>custom trust policy</strong>, then paste its ARN
                  below. {of === "a new one" && "Its permissions are shown once the instance is chosen."}
                </p>
                <CopyText what="Trust policy" text={policyText(known.trustPolicy)} />
              </>
            )}
            <dl class="facts">
              <CopyFact name="The service's ARN" text={known.serviceArn} />
              <CopyFact name="External id" text={known.externalId} />
            </dl>
            <p class="hint">
              The external id was made for{" "}
              {of === "a new one"
                ? "the next environment that you add by a role"
                : "the next role that you give, here or to a new environment"}
              . It is kept for you until <Time at={known.expiresAt} />: you can leave this page and come back.
            </p>
            {of !== "a person's id" && <QuickCreate trust={known} draft={draft} onChange={onChange} />}
          </>
        )}
      </Loaded>
    </div>
  );
}

function Replacement({ externalId }: { externalId: string }) {
  return (
    <>
      <p>
        To replace the id that a person chose without a pause, let the role's trust policy ask for{" "}
        <strong>either of two</strong>: the old one in place of <code>{OLD}</code>, and the new one. Then give
        the role's ARN again below, save, and take the old id out.
      </p>
      <CopyText
        what="Condition"
        text={policyText({ StringEquals: { "sts:ExternalId": [OLD, externalId] } })}
      />
    </>
  );
}
