/** What happened in one step of time. */
export interface Step {
  statements: number;
  errors: number;
  /** How late the latest of its statements was, in microseconds. */
  maxLateMicros: number;
}

/** How many steps there are at most: as many as a chart has room for. */
const MAX_STEPS = 240;

/** Counts over time in equal steps, of one second at first; each time there would be too many, two become one. */
export class Steps {
  /** In milliseconds. */
  width = 1000;
  #steps: Step[] = [];

  /** @param at milliseconds since the beginning; not below 0 */
  add(at: number, lateMicros: number, hasFailed: boolean): void {
    while (at >= this.width * MAX_STEPS) this.#widen();
    const index = Math.floor(at / this.width);
    for (let next = this.#steps.length; next <= index; next++) this.#steps.push(noStep());
    const step = this.#steps[index] as Step;
    step.statements++;
    if (hasFailed) step.errors++;
    if (lateMicros > step.maxLateMicros) step.maxLateMicros = lateMicros;
  }

  /** All steps until the last in which something happened. */
  get all(): readonly Step[] {
    return this.#steps;
  }

  #widen(): void {
    const wider: Step[] = [];
    for (let at = 0; at < this.#steps.length; at += 2) {
      const [one, other = noStep()] = this.#steps.slice(at, at + 2) as [Step, Step?];
      wider.push({
        statements: one.statements + other.statements,
        errors: one.errors + other.errors,
        maxLateMicros: Math.max(one.maxLateMicros, other.maxLateMicros),
      });
    }
    this.#steps = wider;
    this.width *= 2;
  }
}

const noStep = (): Step => ({ statements: 0, errors: 0, maxLateMicros: 0 });
