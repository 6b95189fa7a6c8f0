import { type CleanedWhere as Condition, createAdapterFactory } from "better-auth/adapters";
import type { Db } from "../db/types.ts";
import { whereOf } from "./d1-conditions.ts";

/*
 * better-auth's database: plain SQL for the operations of its `CustomAdapter` (better-auth 1.7.25), whose own adapters bring 20 KiB of
 * drizzle or Kysely along. Tables and columns are those of better-auth's schema, in snake case (src/db/tables/accounts.ts); a date is
 * stored in milliseconds since the epoch, a boolean as 0 or 1. Each operation is one statement, so that what changes one row or none
 * (`consumeOne`, `incrementOne`) does so however many ask at once. D1 has no transactions that wait for their caller, so there are none.
 */

type Row = Record<string, unknown>;

/** The rows of better-auth's models in D1. @throws Error on use, for a model or a field that better-auth's schema does not have */
export function d1Adapter(db: Db) {
  return createAdapterFactory({
    config: {
      adapterId: "d1",
      adapterName: "D1",
      supportsBooleans: false,
      supportsJSON: false,
      transaction: false,
      customTransformInput: ({ data }) => toStored(data),
      customTransformOutput: ({ data, fieldAttributes }) =>
        fieldAttributes.type === "date" && typeof data === "number" ? new Date(data) : data,
    },
    adapter: ({ schema }) => {
      const tableOf = (modelKey: string | undefined): Table => {
        const model = modelKey === undefined ? undefined : schema[modelKey];
        if (modelKey === undefined || model === undefined) throw new Error(`There is no model ${modelKey}`);
        const fields = Object.entries(model.fields).map(([name, { fieldName }]) => fieldName ?? name);
        return new Table(db, model.modelName, fields);
      };
      return {
        async create<T>({ modelKey, data }: { modelKey?: string | undefined; data: Row }) {
          return (await tableOf(modelKey).insert(data)) as T;
        },
        async findOne<T>({ modelKey, where, select }: Asked & { select?: string[] | undefined }) {
          const [found] = await tableOf(modelKey).select(where, { select, limit: 1 });
          return (found ?? null) as T | null;
        },
        async findMany<T>({ modelKey, where = [], ...page }: AskedAll & Page) {
          return (await tableOf(modelKey).select(where, page)) as T[];
        },
        count: ({ modelKey, where = [] }) => tableOf(modelKey).count(where),
        async update<T>({ modelKey, where, update }: Asked & { update: T }) {
          const [updated] = await tableOf(modelKey).update(someOf(where), update as Row);
          return (updated ?? null) as T | null;
        },
        async updateMany({ modelKey, where, update }) {
          return (await tableOf(modelKey).update(where, update)).length;
        },
        async delete({ modelKey, where }) {
          await tableOf(modelKey).delete(someOf(where));
        },
        async deleteMany({ modelKey, where }) {
          return (await tableOf(modelKey).delete(where)).length;
        },
        async consumeOne<T>({ modelKey, where }: Asked) {
          const [consumed] = await tableOf(modelKey).delete(someOf(where), { limit: 1 });
          return (consumed ?? null) as T | null;
        },
        async incrementOne<T>({
          modelKey,
          where,
          increment,
          set = {},
        }: Asked & { increment: Record<string, number>; set?: Row | undefined }) {
          const [updated] = await tableOf(modelKey).update(someOf(where), set, { increment, limit: 1 });
          return (updated ?? null) as T | null;
        },
      };
    },
  });
}

/** Rows of a model, by conditions. */
interface AskedAll {
  modelKey?: string | undefined;
  where?: Condition[] | undefined;
}

interface Asked extends AskedAll {
  where: Condition[];
}

/** Which rows of those that were found, in which order, and which of their fields; all of them by default. */
interface Page {
  select?: string[] | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  sortBy?: { field: string; direction: "asc" | "desc" } | undefined;
}

/** A value of better-auth's as D1 takes it. */
function toStored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toStored);
  return value instanceof Date ? value.getTime() : value;
}

/** Conditions of a change of one row. @throws Error where there are none, which would be all rows */
function someOf(where: Condition[]): Condition[] {
  if (where.length === 0) throw new Error("A change of one row needs a condition");
  return where;
}

/** The rows of one model. Names in SQL are made of the schema's fields, never of what a caller sent. */
class Table {
  readonly #db: Db;
  readonly #name: string;
  readonly #fields: ReadonlySet<string>;

  constructor(db: Db, name: string, fields: Iterable<string>) {
    this.#db = db;
    this.#name = `"${snakeCase(name)}"`;
    this.#fields = new Set(["id", ...fields]);
  }

  async insert(data: Row): Promise<Row> {
    const columns = Object.keys(data).map(this.#column);
    const [created] = await this.#run(
      (bind) => `insert into ${this.#name} (${columns}) values (${Object.values(data).map(bind)})
        returning ${this.#columns()}`,
    );
    if (created === undefined) throw new Error("A new row was not returned");
    return created;
  }

  select(where: Condition[], { select, sortBy, limit = -1, offset = 0 }: Page): Promise<Row[]> {
    const order =
      sortBy === undefined
        ? ""
        : `order by ${this.#column(sortBy.field)} ${sortBy.direction === "desc" ? "desc" : "asc"}`;
    return this.#run(
      (bind) => `select ${this.#columns(select)} from ${this.#name} ${whereOf(where, this.#column, bind)}
        ${order} limit ${bind(limit)} offset ${bind(offset)}`,
    );
  }

  async count(where: Condition[]): Promise<number> {
    const [counted] = await this.#run(
      (bind) => `select count(*) as count from ${this.#name} ${whereOf(where, this.#column, bind)}`,
    );
    return Number(counted?.count);
  }

  /** Changes rows, and returns them as they are then. A number that is null is incremented as 0. */
  update(where: Condition[], set: Row, { increment = {}, limit }: Change = {}): Promise<Row[]> {
    return this.#run((bind) => {
      const assignments = [
        ...Object.entries(increment).map(([field, by]) => {
          const column = this.#column(field);
          return `${column} = coalesce(${column}, 0) + ${bind(by)}`;
        }),
        ...Object.entries(set).map(([field, value]) => `${this.#column(field)} = ${bind(value)}`),
      ];
      return `update ${this.#name} set ${assignments} ${this.#changed(where, limit, bind)} returning ${this.#columns()}`;
    });
  }

  /** Deletes rows, and returns them as they were. */
  delete(where: Condition[], { limit }: Change = {}): Promise<Row[]> {
    return this.#run(
      (bind) => `delete from ${this.#name} ${this.#changed(where, limit, bind)} returning ${this.#columns()}`,
    );
  }

  /** Which rows to change: with a limit, so many at most of those that meet the conditions. */
  #changed(where: Condition[], limit: number | undefined, bind: Bind): string {
    const found = whereOf(where, this.#column, bind);
    return limit === undefined
      ? found
      : `where id in (select id from ${this.#name} ${found} limit ${bind(limit)})`;
  }

  /** Columns, all by default, each called as its field. */
  #columns(fields?: string[]): string {
    const chosen = fields === undefined || fields.length === 0 ? [...this.#fields] : fields;
    return chosen.map((field) => `${this.#column(field)} as "${field}"`).join(", ");
  }

  readonly #column = (field: string): string => {
    if (!this.#fields.has(field)) throw new Error(`${this.#name} has no field ${field}`);
    return `"${snakeCase(field)}"`;
  };

  async #run(sql: (bind: Bind) => string): Promise<Row[]> {
    const values: unknown[] = [];
    const text = sql((value) => `?${values.push(value)}`);
    const { results } = await this.#db
      .prepare(text)
      .bind(...values)
      .all<Row>();
    return results;
  }
}

/** Adds a value to a statement's, and returns its parameter. */
type Bind = (value: unknown) => string;

/** What else a change does: adds to numbers; how many rows it changes at most. */
interface Change {
  increment?: Record<string, number>;
  limit?: number;
}

/** A name of better-auth's as our tables have it: `userId` is `user_id`. */
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
