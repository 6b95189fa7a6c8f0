import { CopyButton } from "./copy-button.tsx";

/** A policy as it is shown and copied. */
export const policyText = (policy: object): string => JSON.stringify(policy, null, 2);

/** A text of several lines, such as a policy, to be copied. */
export function CopyText({ what, text }: { what: string; text: string }) {
  return (
    <figure class="copy-text">
      <figcaption>
        {what}
        <CopyButton text={text} what={what} />
      </figcaption>
      <pre>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

/** A short text to be copied, with its name. */
export function CopyFact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="copy-fact">
        <code>{text}</code>
        <CopyButton text={text} what={name} />
      </dd>
    </div>
  );
}
