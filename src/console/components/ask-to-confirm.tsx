import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { useSubmission } from "../lib/submission.ts";
import { Form, FormProblem, Submit } from "./field.tsx";

/** Has a link mailed to the reader by which they confirm their address. @param children why they should */
export function AskToConfirm({ children }: { children: ComponentChildren }) {
  const [isSent, setSent] = useState(false);
  const { busy, errors, submit } = useSubmission([], async () => {
    await account.sendVerificationEmail();
    setSent(true);
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      {children}
      <FormProblem message={errors.form} />
      <div role="status" class={isSent ? "good" : undefined}>
        {isSent && "A mail is on its way: open the link in it here, within an hour."}
      </div>
      <div class="actions">
        <Submit busy={busy}>Send me a link to confirm it</Submit>
      </div>
    </Form>
  );
}
