import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { Figures, figuresSchema } from "../timing/figures.ts";

/*
 * The figures of a workload by something that its records say, such as their user.
 */

/** How many groups of a kind are told apart: those that were seen first. */
export const MAX_GROUPS = 1000;

/** Groups of one kind as they are stored. */
export const groupsSchema = lazy(() =>
  z.object({
    /** The name is null where the log does not say it. */
    groups: z.array(z.tuple([z.string().nullable(), figuresSchema()])),
    /** Of all that are not told apart. Absent while there are none. */
    others: figuresSchema().optional(),
  }),
);

/** Groups of one kind in JSON. */
export type GroupsState = z.output<ReturnType<typeof groupsSchema>>;

/** Groups of one kind: the first MAX_GROUPS names exactly, the rest together. */
export class Groups {
  readonly #groups = new Map<string | null, Figures>();
  #others: Figures | null = null;

  constructor(state?: GroupsState) {
    if (state !== undefined) this.merge(state);
  }

  /** Adds what was counted of a name. */
  add(name: string | null, figures: Figures): void {
    this.#of(name).merge(figures);
  }

  /** Adds what others counted. */
  merge({ groups, others }: GroupsState): void {
    for (const [name, figures] of groups) this.add(name, new Figures(figures));
    if (others !== undefined) this.#ofOthers().merge(new Figures(others));
  }

  /** How many are told apart. */
  get size(): number {
    return this.#groups.size;
  }

  toJSON(): GroupsState {
    const groups = [...this.#groups].map(([name, figures]): [string | null, number[]] => [
      name,
      figures.toJSON(),
    ]);
    return this.#others === null ? { groups } : { groups, others: this.#others.toJSON() };
  }

  #of(name: string | null): Figures {
    let figures = this.#groups.get(name);
    if (figures !== undefined) return figures;
    if (this.#groups.size >= MAX_GROUPS) return this.#ofOthers();
    figures = new Figures();
    this.#groups.set(name, figures);
    return figures;
  }

  #ofOthers(): Figures {
    this.#others ??= new Figures();
    return this.#others;
  }
}
