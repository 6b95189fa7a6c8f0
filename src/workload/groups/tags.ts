import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { commentBefore, commentBehind, type Tags, tagsOfComment } from "../../sql-text/tags.ts";
import type { Figures } from "../timing/figures.ts";
import { Groups, groupsSchema } from "./groups.ts";
import { type Collected, Pending } from "./pending.ts";

/*
 * The tags of a workload's statements (sql-text/tags.ts), and its figures by the values of each.
 */

/** Tags that differ with every request: nothing is grouped by them. */
const OF_REQUESTS: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);
/** How many keys are told apart, those that were seen first. */
export const MAX_TAG_KEYS = 16;
/** How many tags are kept, those that were seen first: a digest that has others says only how often. */
export const MAX_TAGS = 4000;
/** Longer values are not grouped by, in UTF-16 units: they say more than what kind of request it was. */
const MAX_VALUE = 256;

/** Whether a tag may be that of many requests. */
export const isShared = (key: string, value: string): boolean =>
  !OF_REQUESTS.has(key) && value.length <= MAX_VALUE;
/** How many comments' tags are kept, so that they need not be read again. */
const MAX_COMMENTS = 2000;
/** Those of longer ones are not kept, in UTF-16 units: they are rare, and all together would need many times the memory. */
const MAX_KEPT_COMMENT = 512;

/** Tags as they are stored: key and value of each. */
export const tagListSchema = lazy(() => z.array(z.tuple([z.string(), z.string()])));

/** The figures by the values of each key. */
export const tagGroupsSchema = lazy(() => z.array(z.tuple([z.string(), groupsSchema()])));

/** The figures by tags in JSON. */
export type TagGroupsState = z.output<ReturnType<typeof tagGroupsSchema>>;

/** A tag: the same object whenever it is seen again. */
export interface Tag {
  readonly key: string;
  readonly value: string;
  /** Its place among those that are kept; -1 for one that is not. */
  readonly index: number;
}

/** The tags of a statement. */
export interface TagSet extends Collected {
  readonly tags: readonly Tag[];
}

/** The tags of a workload. */
export class TagGroups {
  readonly #keys = new Map<string, Groups>();
  readonly #kept: Tag[] = [];
  readonly #byName = new Map<string, Tag>();
  readonly #byComment = new Map<string, TagSet | null>();
  readonly #pending = new Pending<TagSet>(({ tags }, figures) => {
    for (const { key, value } of tags) this.groupsOf(key)?.add(value, figures);
  });

  /** The tags of a statement that are grouped by; null for none. */
  of(sql: string): TagSet | null {
    const behind = commentBehind(sql);
    return (behind === "" ? null : this.#ofComment(behind)) ?? this.#ofComment(commentBefore(sql));
  }

  /** The tag with this key and value. */
  find(key: string, value: string): Tag {
    const name = JSON.stringify([key, value]);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const isKept = this.#kept.length < MAX_TAGS;
    const tag = { key, value, index: isKept ? this.#kept.length : -1 };
    if (!isKept) return tag;
    this.#kept.push(tag);
    this.#byName.set(name, tag);
    return tag;
  }

  /** The figures by the values of a key; null for a key that is not told apart. */
  groupsOf(key: string): Groups | null {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    if (this.#keys.size >= MAX_TAG_KEYS) return null;
    const groups = new Groups();
    this.#keys.set(key, groups);
    return groups;
  }

  /** The figures to which those of a statement with these tags are added. */
  figuresOf(tags: TagSet): Figures {
    return this.#pending.of(tags);
  }

  /** Completes the figures. */
  flush(): void {
    this.#pending.flush();
  }

  /** Adds what others counted. */
  merge(state: TagGroupsState): void {
    for (const [key, groups] of state) this.groupsOf(key)?.merge(groups);
  }

  /** The tags that are kept. */
  list(): [key: string, value: string][] {
    return this.#kept.map(({ key, value }) => [key, value]);
  }

  toJSON(): TagGroupsState {
    return [...this.#keys].map(([key, groups]) => [key, groups.toJSON()]);
  }

  #ofComment(comment: string): TagSet | null {
    if (comment === "") return null;
    const shared = withoutTrace(comment);
    const known = this.#byComment.get(shared);
    if (known !== undefined) return known;
    const set = this.#setOf(tagsOfComment(shared));
    if (shared.length > MAX_KEPT_COMMENT) return set;
    if (this.#byComment.size >= MAX_COMMENTS) this.#byComment.clear();
    // A copy: a part of a string would keep the block of the log around it in memory.
    this.#byComment.set(JSON.parse(JSON.stringify(shared)), set);
    return set;
  }

  #setOf(tags: Tags): TagSet | null {
    const grouped = tags.filter(([key, value]) => isShared(key, value));
    if (grouped.length === 0) return null;
    return { tags: grouped.map(([key, value]) => this.find(key, value)), pending: null, isWaiting: false };
  }
}

/** What tags of requests begin with, behind others. */
const TRACE = ",trace";
/**
 * Such a tag with a value encoded as in a URL. In that is nothing that could stand behind a value, so the quote before it begins one: it
 * can't be the end of another tag's value that says `,traceparent=`.
 */
const TRACE_TAG = /,trace(?:parent|state)='[\w%.~-]+'/g;

/** A comment without those of its tags that are of the request, so that those of many requests are one. */
const withoutTrace = (comment: string): string =>
  comment.includes(TRACE) ? comment.replace(TRACE_TAG, "") : comment;
