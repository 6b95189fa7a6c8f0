/** A name and what is known by it; null where nothing is. */
type Fact = [name: string, value: string | null];

/** The facts of a list of facts that are known. */
export function FactRows({ facts, valueClass }: { facts: Fact[]; valueClass?: string }) {
  return (
    <>
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd class={valueClass}>{value}</dd>
            </div>
          ),
      )}
    </>
  );
}
