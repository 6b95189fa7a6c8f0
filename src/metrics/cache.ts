import type { AwsResult } from "../aws/client.ts";
import { type CachedRequest, type MetricsRequest, type MetricsResult, metricsOfInstance } from "./call.ts";
import { aggregate, type Column, emptyColumns, fillColumn } from "./columns.ts";
import { baseWindow, MAX_REPLY_POINTS, type MetricsWindow, slicesOf } from "./window.ts";

/** How long what CloudWatch said is cached. */
const CACHED_FOR_MS = 30_000;
/** How late a point may come, or change: what is younger is asked for again. The archive, which is final, waits for longer. */
const LATE_MS = 60 * 60_000;

/** All metrics of a window, as CloudWatch said them. */
interface Cached {
  window: MetricsWindow;
  /** One for each metric of the capture's instance, in their order. */
  columns: Column[];
  /** When the cache expires. */
  expiresAt: number;
}

/**
 * A capture's metrics in CloudWatch's smallest period, asked for at most once in half a minute, whatever is asked of them: other
 * periods are made of them here. The maximum of a long period is the maximum of its minutes, and both begin at multiples of
 * their length since the epoch, so that this is what CloudWatch would say. Its memory is at most 16 days of minutes: 3 MB, or of an Aurora instance 6.
 */
export class MetricsCache {
  readonly #fetch: (request: MetricsRequest) => Promise<MetricsResult>;
  #cached: Cached | null = null;
  #asking: Promise<AwsResult<Cached>> | null = null;

  constructor(fetch: (request: MetricsRequest) => Promise<MetricsResult>) {
    this.#fetch = fetch;
  }

  /** Answers a question. A failure is answered to those who wait for it, and not cached. */
  async read(request: CachedRequest, now: number): Promise<MetricsResult> {
    const cached = await this.#refreshed(request, now);
    if (!cached.ok) return cached;
    const { window, columns } = cached.value;
    const { start, end, period } = request.window;
    const all = metricsOfInstance(request.target);
    const series = request.metrics.map((metric) => {
      const column = columns[all.indexOf(metric)];
      if (column === undefined) throw new RangeError(`The instance has no metric ${metric}`);
      return aggregate(column, window, period).filter(({ time }) => time >= start && time < end);
    });
    return { ok: true, value: series };
  }

  #refreshed(request: CachedRequest, now: number): Promise<AwsResult<Cached>> {
    const cached = this.#cached;
    if (cached !== null && now < cached.expiresAt) return Promise.resolve({ ok: true, value: cached });
    this.#asking ??= this.#refresh(request, now).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Asks for what is new, or may have come late. */
  async #refresh({ target, span }: CachedRequest, now: number): Promise<AwsResult<Cached>> {
    const window = baseWindow(span, now);
    if (window === null) throw new RangeError("CloudWatch has nothing of the capture");
    const metrics = metricsOfInstance(target);
    const columns = emptyColumns(window, metrics.length);
    const from = carryOver(this.#cached, window, columns);
    // Each call asks for what CloudWatch gives in one page.
    const most = Math.floor(MAX_REPLY_POINTS / metrics.length);
    for (const slice of slicesOf({ ...window, start: from }, most)) {
      const result = await this.#fetch({ target, window: slice, metrics });
      if (!result.ok) return result;
      for (const [index, series] of result.value.entries())
        fillColumn(columns[index] as Column, window, series);
    }
    this.#cached = { window, columns, expiresAt: now + CACHED_FOR_MS };
    return { ok: true, value: this.#cached };
  }
}

/** Copies what is cached. Returns from when on CloudWatch has to be asked. */
function carryOver(cached: Cached | null, { start, end, period }: MetricsWindow, columns: Column[]): number {
  if (cached === null || cached.window.period !== period || cached.window.start > start) return start;
  const step = period * 1000;
  const settled = Math.floor((Math.min(cached.window.end, end) - LATE_MS) / step) * step;
  const from = Math.max(start, settled);
  const skipped = (start - cached.window.start) / step;
  for (const [index, column] of columns.entries()) {
    const old = cached.columns[index] as Column;
    column.set(old.subarray(skipped, skipped + (from - start) / step));
  }
  return from;
}
