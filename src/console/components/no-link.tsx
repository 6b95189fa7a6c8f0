import { Heading } from "./heading.tsx";

/** What a page of a mailed link shows without one. */
export function NoLink({ title }: { title: string }) {
  return (
    <section class="narrow card">
      <Heading title={title} />
      <p>This address has no link in it: open the one in the mail, all of it.</p>
      <div class="actions">
        <a class="button" href="/forgot">
          Ask for another mail
        </a>
      </div>
    </section>
  );
}
