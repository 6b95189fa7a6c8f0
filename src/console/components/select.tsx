/** What can be chosen, and how it is called. */
export type Option = [value: string, text: string];

/** A choice among environments, or all of them. @param names what they are called, by their ids */
export const environmentOptions = (names: ReadonlyMap<number, string>): Option[] => [
  ["", "All"],
  ...[...names].map(([id, name]): Option => [String(id), name]),
];

/** A choice among a few values, as filters have them. */
export function Select({
  label,
  chosen,
  options,
  onChoose,
}: {
  label: string;
  chosen: string;
  options: Option[];
  onChoose: (value: string) => void;
}) {
  return (
    <label>
      <span>{label}</span>
      <select value={chosen} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
