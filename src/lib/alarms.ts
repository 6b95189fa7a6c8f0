/*
 * Alarms of Durable Objects. One can stand in the past and never fire (cloudflare-docs issue 18324; workerd issues 3138, 3566
 * and 6866): `getAlarm()` then goes on giving the past time, so that an object which believes in it sleeps for ever. A failed
 * handler's alarm that waits for its retry has a past time, too: setting it anew replaces the retry.
 */

/** An alarm that is overdue by more than this is taken for lost. */
export const ALARM_GRACE_MS = 30_000;

const isLost = (alarm: number) => alarm < Date.now() - ALARM_GRACE_MS;

/** Whether an object has an alarm that can be expected to come by a time, in milliseconds since the epoch. */
export async function isArmedBy(storage: DurableObjectStorage, time: number): Promise<boolean> {
  const alarm = await storage.getAlarm();
  return alarm !== null && !isLost(alarm) && alarm <= time;
}

/**
 * Makes sure that an object is armed by a time. An alarm that comes earlier stays; a lost one is replaced by one that comes at
 * once.
 */
export async function armBy(storage: DurableObjectStorage, time: number): Promise<void> {
  const alarm = await storage.getAlarm();
  const now = Date.now();
  if (alarm !== null && isLost(alarm)) await storage.setAlarm(now + 1);
  else if (alarm === null || time < alarm) await storage.setAlarm(Math.max(time, now + 1));
}

/**
 * Sets the alarm that comes instead if the handler which now runs is cut off. It is the first thing that a handler does, before
 * anything that can be slow.
 * @param patience how long the handler is given, in milliseconds
 */
export const setWatchdog = (storage: DurableObjectStorage, patience: number): Promise<void> =>
  storage.setAlarm(Date.now() + patience);
