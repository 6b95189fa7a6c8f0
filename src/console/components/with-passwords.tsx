import type { ComponentChildren } from "preact";
import { useWays } from "../lib/ways.ts";
import { Heading } from "./heading.tsx";
import { Loaded } from "./loading.tsx";

/** A page about passwords: where people have none, it says so instead. */
export function WithPasswords({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <Loaded resource={useWays()} what="the ways to sign in">
      {({ password, contact }) => (password ? children : <NoPasswords title={title} contact={contact} />)}
    </Loaded>
  );
}

function NoPasswords({ title, contact }: { title: string; contact: string | null }) {
  return (
    <section class="narrow card">
      <Heading title={title} />
      <p>
        People sign in here by single sign-on only: this service has no passwords.
        {contact !== null && ` If you can't sign in, ask ${contact}.`}
      </p>
      <div class="actions">
        <a class="button" href="/sign-in">
          Sign in
        </a>
      </div>
    </section>
  );
}
