import type { Clock } from "../ports.ts";

/**
 * Simulated time: it stands still while anything works, and jumps to the next moment that somebody sleeps until once
 * everything else waits. So 32 slots at work overlap as they would in reality, in no time.
 */
export interface VirtualTime {
  clock: Clock;
  sleep(milliseconds: number): Promise<void>;
  /** Does something that takes real turns of the event loop, such as an HTTP exchange, in no simulated time. */
  busy<T>(work: () => Promise<T>): Promise<T>;
  /** Moves on to an instant; one that is past already changes nothing. */
  advanceTo(instant: Date): void;
}

interface Sleeper {
  wakeMs: number;
  order: number;
  wake(): void;
}

/** Time that starts at an instant. Whatever is awaited meanwhile must be a `sleep`, `busy`, or plain promises. */
export function startVirtualTime(from: Date): VirtualTime {
  let nowMs = from.getTime();
  let working = 0;
  let order = 0;
  let isPumping = false;
  let sleepers: Sleeper[] = [];

  /** A turn of the event loop later, so that everyone who is awake has come to rest in a sleep or in work. */
  function pump(): void {
    if (isPumping || working > 0 || sleepers.length === 0) return;
    isPumping = true;
    setImmediate(() => {
      isPumping = false;
      if (working > 0) return;
      const next = sleepers.reduce((one, other) => (isEarlier(other, one) ? other : one));
      sleepers = sleepers.filter((sleeper) => sleeper !== next);
      nowMs = Math.max(nowMs, next.wakeMs);
      next.wake();
      pump();
    });
  }

  return {
    clock: () => new Date(nowMs),
    sleep: (milliseconds) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      order += 1;
      sleepers.push({ wakeMs: nowMs + Math.max(0, Math.ceil(milliseconds)), order, wake: resolve });
      pump();
      return promise;
    },
    busy: async (work) => {
      working += 1;
      try {
        return await work();
      } finally {
        working -= 1;
        pump();
      }
    },
    advanceTo: (instant) => {
      nowMs = Math.max(nowMs, instant.getTime());
    },
  };
}

function isEarlier(one: Sleeper, other: Sleeper): boolean {
  return one.wakeMs - other.wakeMs < 0 || (one.wakeMs === other.wakeMs && one.order < other.order);
}
