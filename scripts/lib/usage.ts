import { readdirSync, readFileSync } from "node:fs";

/** What a process has used so far. */
export interface Usage {
  cpuSeconds: number;
  peakKib: number;
}

/** What the largest workerd process of a process group has used: processor time, and the most memory (VmHWM). Linux only. */
export function largestWorkerd(group: number): Usage {
  const used = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid): Usage[] => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
        const isOurs = /^Name:\tworkerd$/m.test(status) && Number(stat?.[2]) === group;
        if (!isOurs) return [];
        // Fields 14 and 15 of proc(5), in hundredths of a second.
        const cpuSeconds = (Number(stat?.[11]) + Number(stat?.[12])) / 100;
        return [{ cpuSeconds, peakKib: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  return used.sort((a, b) => b.peakKib - a.peakKib)[0] ?? { cpuSeconds: 0, peakKib: 0 };
}
