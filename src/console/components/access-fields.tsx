import type { EnvironmentDraft } from "../lib/environment-draft.ts";
import type { FormErrors } from "../lib/refusals.ts";
import { Choice, TextField } from "./field.tsx";
import { Trust } from "./trust.tsx";

const WAYS = ["role", "key"] as const;

/** How an environment is reached: by a role or a key. */
export function AccessFields({
  draft,
  errors,
  onChange,
  isChange = false,
  externalIdOrigin,
}: {
  draft: EnvironmentDraft;
  errors: FormErrors;
  onChange: (draft: EnvironmentDraft) => void;
  /** Whether it is reached already, and this may stay empty. */
  isChange?: boolean;
  /** Who chose the external id that it has; the service's is kept, a person's is replaced. Undefined if it has none. */
  externalIdOrigin?: "service" | "person" | undefined;
}) {
  const text = (
    name: "accessKeyId" | "secretAccessKey" | "roleArn",
    label: string,
    hint?: string,
    isSecret = false,
  ) => (
    <TextField
      name={name}
      label={label}
      hint={hint}
      error={errors.fields[name]}
      {...(isSecret && { type: "password" as const })}
      spellcheck={false}
      value={draft[name]}
      // Space is often pasted along.
      onChange={(text) => onChange({ ...draft, [name]: text.trim() })}
    />
  );
  return (
    <>
      <Choice
        legend={isChange ? "New access" : "Access"}
        name="by"
        options={["A role (recommended)", "An access key"]}
        hints={[
          "A role in your account that trusts this service, and only with an external id that the service makes. No key of yours is stored.",
          "The key of an IAM user. It is sealed before it is stored, and never shown. You rotate it.",
        ]}
        chosen={WAYS.indexOf(draft.by)}
        onChoose={(index) => onChange({ ...draft, by: WAYS[index] ?? "role" })}
      />
      {isChange && <p class="hint">Leave it empty to keep the access that it has.</p>}
      {draft.by === "role" ? (
        <>
          {externalIdOrigin === "service" ? (
            <p class="hint">The external id of this environment stays: see its trust policy on its page.</p>
          ) : (
            <Trust
              draft={draft}
              onChange={onChange}
              of={externalIdOrigin === "person" ? "a person's id" : isChange ? "a change" : "a new one"}
            />
          )}
          {text("roleArn", "ARN of the role", "Such as arn:aws:iam::123456789012:role/captures.")}
        </>
      ) : (
        <>
          {text("accessKeyId", "Access key id")}
          {text("secretAccessKey", "Secret access key", undefined, true)}
        </>
      )}
      {errors.fields.credentials && <p class="field-error">{errors.fields.credentials}</p>}
    </>
  );
}
