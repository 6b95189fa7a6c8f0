import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import { Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { WithPasswords } from "../components/with-passwords.tsx";
import { focusNextHeading } from "../lib/router.ts";
import type { OpenPageProps } from "../lib/session.ts";
import { useSubmission } from "../lib/submission.ts";

/** Has a link mailed by which somebody sets a new password. It says the same whether there is such an account or not. */
export function ForgotPage({ user }: OpenPageProps) {
  return (
    <WithPasswords title="Forgot your password?">
      <Forgot user={user} />
    </WithPasswords>
  );
}

function Forgot({ user }: Pick<OpenPageProps, "user">) {
  const [email, setEmail] = useState(user?.email ?? "");
  const [isAsked, setAsked] = useState(false);
  const { busy, errors, submit } = useSubmission(["email"], async () => {
    await account.requestPasswordReset(email);
    focusNextHeading();
    setAsked(true);
  });
  if (isAsked) {
    return (
      <section key="asked" class="narrow card">
        <Heading title="Look into your mail" />
        <p>
          If there is an account with the address <strong>{email}</strong>, a mail is on its way to it, with a
          link to set a new password by. The link can be used once, within an hour.
        </p>
        <p class="muted">
          No mail after some minutes? Look for it among the spam, and see whether the address is right. An
          address is sent three mails an hour.
        </p>
        <div class="actions">
          <button type="button" onClick={() => setAsked(false)}>
            Another address
          </button>
          <a class="button quiet" href="/sign-in">
            Sign in
          </a>
        </div>
      </section>
    );
  }
  return (
    <section key="ask" class="narrow card">
      <Heading title="Forgot your password?" />
      <p class="muted">You are mailed a link by which you set a new one.</p>
      <Form onSubmit={submit} refused={errors}>
        <TextField
          name="email"
          label="E-mail address"
          error={errors.fields.email}
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
        />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy}>Send me a link</Submit>
          <a class="button quiet" href="/sign-in">
            Back to the sign-in
          </a>
        </div>
      </Form>
    </section>
  );
}
