import { useToasts } from "./toasts.tsx";

/** Puts a text into the clipboard, and says so. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const toasts = useToasts();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toasts.show(`${what} is copied`);
    } catch {
      toasts.show("The browser does not let it be copied. Select the text, and copy that.", { bad: true });
    }
  };
  return (
    <button type="button" class="small" aria-label={`Copy ${what.toLowerCase()}`} onClick={copy}>
      Copy
    </button>
  );
}
