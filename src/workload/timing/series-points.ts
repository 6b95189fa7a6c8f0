import { Figures } from "./figures.ts";
import { startOf } from "./series.ts";

/** Figures, or how they are stored: most are never merged, and so need not be made. */
type Point = Figures | number[];

/** The points of one series in no order, as they come together from where they are stored. */
export class Points {
  readonly #at = new Map<number, Point>();
  readonly #step: number;

  /** @param step how long steps become, in seconds; what is added may be of shorter ones */
  constructor(step: number) {
    this.#step = step;
  }

  /** Adds what ran in a step. Figures that are given may be changed later on. */
  add(start: number, added: Point): void {
    const aligned = startOf(start, this.#step);
    const before = this.#at.get(aligned);
    if (before === undefined) {
      this.#at.set(aligned, added);
      return;
    }
    const merged = before instanceof Figures ? before : new Figures(before);
    merged.merge(added instanceof Figures ? added : new Figures(added));
    this.#at.set(aligned, merged);
  }

  /** Adds all that `toJSON` gave, of steps that may have been shorter. */
  addAll({ starts, figures }: StoredPoints): void {
    for (const [at, start] of starts.entries()) this.add(start, figures[at] as number[]);
  }

  /** In the order of time. */
  toJSON(): StoredPoints {
    const sorted = [...this.#at].sort(([a], [b]) => a - b);
    return {
      starts: sorted.map(([start]) => start),
      figures: sorted.map(([, point]) => (point instanceof Figures ? point.toJSON() : point)),
    };
  }

  /** Parts them by longer steps. */
  chunks(length: number): Map<number, Points> {
    const chunks = new Map<number, Points>();
    for (const [start, point] of this.#at) {
      const chunk = startOf(start, length);
      let points = chunks.get(chunk);
      if (points === undefined) {
        points = new Points(this.#step);
        chunks.set(chunk, points);
      }
      points.add(start, point);
    }
    return chunks;
  }
}

/** Points as they are stored: when each begins, in ascending order, and its figures. */
export interface StoredPoints {
  starts: number[];
  figures: number[][];
}
