import type { SignInWays } from "../api/types.ts";
import { depart } from "../lib/sign-on.ts";
import { useSubmission } from "../lib/submission.ts";
import { FormProblem } from "./field.tsx";

/** Buttons that lead to the providers of identities. */
export function Providers({
  providers,
  inviteCode,
}: {
  providers: SignInWays["providers"];
  /** The code of an invite that somebody without an account accepts with it; empty for none. */
  inviteCode: string;
}) {
  const { busy, errors, submit } = useSubmission<[string]>([], (id) =>
    depart(id, { to: location.pathname + location.search + location.hash, inviteCode }),
  );
  return (
    <>
      <div class="actions">
        {providers.map(({ id, name }) => (
          <button key={id} type="button" class="primary" aria-disabled={busy} onClick={() => void submit(id)}>
            Sign in with {name}
          </button>
        ))}
      </div>
      <FormProblem message={errors.form} />
    </>
  );
}
