import { useMemo, useState } from "preact/hooks";
import { formatCount } from "../lib/format.ts";
import { INDENT, sqlLines, textOfLines } from "../lib/sql.ts";
import { CopyButton } from "./copy-button.tsx";

/** How many lines of a long statement are shown until it is opened. */
const FEW_LINES = 12;

/**
 * A statement, formatted and in colours, with a button that copies all of it. A long one is cut until it is opened.
 * @param what it is, for the buttons: such as `The example`
 */
export function Sql({ text, what }: { text: string; what: string }) {
  const lines = useMemo(() => sqlLines(text), [text]);
  const [isOpen, setOpen] = useState(false);
  // Not cut for the sake of a few lines.
  const isCut = !isOpen && lines.length > 1.5 * FEW_LINES;
  const shown = isCut ? lines.slice(0, FEW_LINES) : lines;
  return (
    <div class="sql">
      <pre class={isCut ? "cut" : undefined}>
        <code>
          {shown.map(({ indent, spans }, i) => (
            <span key={i}>
              {INDENT.repeat(indent)}
              {spans.map(({ kind, text: part }, j) => (
                <span key={j} class={`sql-${kind}`}>
                  {part}
                </span>
              ))}
              {"\n"}
            </span>
          ))}
        </code>
      </pre>
      <div class="actions">
        {isCut && (
          <button type="button" class="small" onClick={() => setOpen(true)}>
            Show all {formatCount(lines.length)} lines
          </button>
        )}
        <CopyButton text={textOfLines(lines)} what={what} />
      </div>
    </div>
  );
}
