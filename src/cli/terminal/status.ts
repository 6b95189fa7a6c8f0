import type { Capture } from "../../client/index.ts";
import type { Colors } from "./colors.ts";

/** A state of a capture, coloured: what runs, what is done, and what has failed can be told apart. */
export function paintStatus(colors: Colors, status: Capture["status"], text: string = status): string {
  switch (status) {
    case "RUNNING":
      return colors.cyan(text);
    case "DONE":
      return colors.green(text);
    case "FAILED":
      return colors.red(text);
    default:
      return colors.yellow(text);
  }
}

/** Where the console shows a capture. */
export const captureAddress = (baseUrl: string, id: number): string => `${baseUrl}/captures/${id}`;
