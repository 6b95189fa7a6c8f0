import { useState } from "preact/hooks";
import { account } from "../api/client.ts";
import type { SignInWays, User } from "../api/types.ts";
import { afterInvited } from "../lib/invites.ts";
import { navigate, usePlace } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";
import { useWays } from "../lib/ways.ts";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";
import { Heading } from "./heading.tsx";
import { Loaded } from "./loading.tsx";
import { Providers } from "./providers.tsx";

const FIELDS = ["name", "email", "password", "inviteCode"] as const;

interface Props {
  onSignedIn: (user: User) => void;
  email?: string;
  isDialog?: boolean;
}

/** Signs somebody in, or up, by one of the ways that there are. It stands in the place of a page, which follows it. */
export function SignIn(props: Props) {
  return (
    <Loaded resource={useWays()} what="the ways to sign in" lines={5}>
      {(known) => <SignInBy ways={known} {...props} />}
    </Loaded>
  );
}

function SignInBy({
  ways: { password: hasPasswords, providers },
  onSignedIn,
  email: knownEmail = "",
  isDialog = false,
}: Props & { ways: SignInWays }) {
  const { path, hash } = usePlace();
  // Who follows an invite most likely has no account.
  const invited = (path === "/invite" && new URLSearchParams(hash).get("code")) || "";
  const [isNew, setNew] = useState(!isDialog && (path === "/sign-up" || invited !== ""));
  const [name, setName] = useState("");
  const [email, setEmail] = useState(knownEmail);
  const [password, setPassword] = useState("");
  const [inviteCode, setInviteCode] = useState(invited);

  const { busy, errors, submit, clear } = useSubmission(FIELDS, async () => {
    const { user } = isNew
      ? await account.signUp({ name, email, password, ...(inviteCode !== "" && { inviteCode }) })
      : await account.signIn({ email, password });
    if (isNew && inviteCode !== "") navigate(await afterInvited(inviteCode), { replace: true });
    else if (path === "/sign-in" || path === "/sign-up") navigate("/captures", { replace: true });
    onSignedIn(user);
  });

  const title = isNew && hasPasswords ? "Sign up" : "Sign in";
  const byProvider = providers.length > 0 && (
    <>
      <Providers providers={providers} inviteCode={inviteCode} />
      {isDialog && (
        <p class="hint">This leaves the page, and comes back to it: what you have typed is lost.</p>
      )}
    </>
  );
  const byPassword = hasPasswords && (
    <Form onSubmit={submit} refused={errors}>
      {isNew && (
        <TextField
          name="name"
          label="Your name"
          error={errors.fields.name}
          autoComplete="name"
          value={name}
          onChange={setName}
        />
      )}
      <TextField
        name="email"
        label="E-mail address"
        error={errors.fields.email}
        type="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
      />
      <TextField
        name="password"
        label="Password"
        error={errors.fields.password}
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        value={password}
        onChange={setPassword}
      />
      {isNew && (
        <TextField
          name="inviteCode"
          label="Invite code"
          hint="If somebody has invited you. Some services let only invited people sign up."
          error={errors.fields.inviteCode}
          value={inviteCode}
          onChange={(text) => setInviteCode(text.trim())}
        />
      )}
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>{title}</Submit>
        {!isDialog && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              setNew(!isNew);
              clear();
            }}
          >
            {isNew ? "I have an account" : "I have no account yet"}
          </button>
        )}
      </div>
      {!isDialog && !isNew && (
        <p>
          <a href="/forgot">Forgot your password?</a>
        </p>
      )}
    </Form>
  );
  const form = (
    <>
      {byProvider}
      {byProvider !== false && byPassword !== false && <p class="muted">Or with a password:</p>}
      {byPassword}
    </>
  );
  if (isDialog) return form;
  return (
    <section class="narrow card">
      <Heading title={title} />
      <p class="muted">{whyHere(path, invited)}</p>
      {form}
    </section>
  );
}

/** What somebody who is not signed in came here for. */
function whyHere(path: string, invited: string): string {
  if (invited !== "") return "You were invited to an environment. Sign up, or sign in, to join it.";
  if (path.startsWith("/device"))
    return "A program asks to be logged in. Sign in to see which, and to decide.";
  return "Captures records what a production database on Amazon RDS does.";
}
