import { setTimeout as delay } from "node:timers/promises";

/**
 * Gathers what is asked for within a few milliseconds, and while the batch before is worked on, into one piece of
 * work. The promise of each item is that of its batch.
 */
export function microbatch<Item>(work: (items: readonly Item[]) => Promise<void>, waitMs: number) {
  let waiting: { items: Item[]; done: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  return (item: Item): Promise<void> => {
    if (waiting !== undefined) {
      waiting.items.push(item);
      return waiting.done;
    }
    const items = [item];
    const done = Promise.all([last, delay(waitMs)]).then(() => {
      waiting = undefined;
      return work(items);
    });
    waiting = { items, done };
    last = done.catch(() => {});
    return done;
  };
}
