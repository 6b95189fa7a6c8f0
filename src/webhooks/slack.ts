import { linkOf, type Told } from "./payload.ts";
import { linesOf, titleOf } from "./words.ts";

/*
 * A message for Slack's incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). Names and
 * reasons are people's: they are escaped, so that none can mention a channel or make a link.
 */

/** The most characters of a section's text; Slack allows 3000. */
const MAX_TEXT = 2900;

/** Escapes the three characters that control Slack's markup (https://docs.slack.dev/messaging/formatting-message-text). */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A text in a section, without markup but for its line ends. */
const section = (text: string) => ({
  type: "section",
  text: { type: "plain_text", text: text.slice(0, MAX_TEXT) },
});

/** What Slack is sent, before it is JSON: `text` is what notifications show. */
export function toSlack(told: Told): object {
  const title = titleOf(told);
  const lines = linesOf(told);
  return {
    text: escaped(title),
    blocks: [
      section(title),
      ...(lines.length > 0 ? [section(lines.join("\n"))] : []),
      { type: "section", text: { type: "mrkdwn", text: `<${escaped(linkOf(told))}|Open in Captures>` } },
    ],
  };
}
