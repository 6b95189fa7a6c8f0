import type { Env } from "../../src/env.ts";
import type { Cost } from "./cost.ts";

/** Bindings that count every round trip to D1, call of a capture's Durable Object and read of R2. */
export function counting(env: Env): { env: Env; cost: Cost } {
  const cost: Cost = { d1: 0, objects: 0, bucket: 0, rowsRead: 0 };
  const CAPTURE_RUNNER = intercept(env.CAPTURE_RUNNER, {
    getByName: (name: string) => {
      const runner = env.CAPTURE_RUNNER.getByName(name);
      return new Proxy(runner, {
        get: (_, method) => {
          const call = Reflect.get(runner, method);
          if (typeof call !== "function") return call;
          return (...args: unknown[]) => {
            cost.objects++;
            return Reflect.apply(call, runner, args);
          };
        },
      });
    },
  });
  const BUCKET = intercept(env.BUCKET, {
    get: (...args: unknown[]) => {
      cost.bucket++;
      return Reflect.apply(env.BUCKET.get, env.BUCKET, args);
    },
  });
  return { env: { ...env, DB: countedDatabase(env.DB, cost), CAPTURE_RUNNER, BUCKET }, cost };
}

function countedDatabase(database: D1Database, cost: Cost): D1Database {
  const count = async <T>(trip: Promise<T>): Promise<T> => {
    cost.d1++;
    const result = await trip;
    for (const { meta } of [result].flat() as D1Result[]) cost.rowsRead += meta?.rows_read ?? 0;
    return result;
  };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const statement = (original: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = intercept(original, {
      bind: (...values: unknown[]) => statement(original.bind(...values)),
      // The result of `first` does not say how many rows were read; that of `all` does.
      first: async () => (await count(original.all())).results[0] ?? null,
      all: () => count(original.all()),
      run: () => count(original.run()),
    });
    originals.set(wrapped, original);
    return wrapped;
  };
  const counted = <D extends Pick<D1Database, "prepare" | "batch">>(inner: D, more: object = {}): D =>
    intercept(inner, {
      prepare: (sql: string) => statement(inner.prepare(sql)),
      batch: (statements: D1PreparedStatement[]) =>
        count(inner.batch(statements.map((wrapped) => originals.get(wrapped) ?? wrapped))),
      ...more,
    });
  return counted(database, {
    withSession: (...args: Parameters<D1Database["withSession"]>) => counted(database.withSession(...args)),
  });
}

/** An object some of whose methods are replaced. */
export function intercept<T extends object>(original: T, methods: Record<string, unknown>): T {
  return new Proxy(original, {
    get: (_, name) => {
      if (Object.hasOwn(methods, name)) return methods[name as string];
      const own = Reflect.get(original, name);
      return typeof own === "function" ? own.bind(original) : own;
    },
  });
}
