/*
 * Workers never runs two alarms of one object at once: one that is due while another is handled comes after it. The tests'
 * `runDurableObjectAlarm` does run one beside an alarm that came by itself, and what a test then sees may be half done.
 */

type WithAlarm = { alarm?(info?: AlarmInvocationInfo): void | Promise<void> };

/** Lets the alarms of each object of a class come one after another, as the platform does. Call it once for a class. */
export function oneAlarmAtATime(type: { prototype: WithAlarm }): void {
  const { alarm } = type.prototype;
  const last = new WeakMap<WithAlarm, Promise<void>>();
  type.prototype.alarm = function (this: WithAlarm, info) {
    // One that has failed has told whoever ran it.
    const before = last.get(this)?.catch(() => undefined) ?? Promise.resolve();
    const mine = before.then(() => alarm?.call(this, info));
    last.set(this, mine);
    return mine;
  };
}
