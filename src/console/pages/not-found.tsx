import { Heading } from "../components/heading.tsx";

/** The page for an address that does not exist. */
export function NotFoundPage() {
  return (
    <section>
      <Heading title="There is nothing here" />
      <p>
        The address may be mistyped. <a href="/captures">See the captures</a>.
      </p>
    </section>
  );
}
