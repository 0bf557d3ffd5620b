/** Runs work when a place is free, in the order in which it was asked. */
export type Places = <T>(work: () => Promise<T>) => Promise<T>;

/** So many places. */
export function openPlaces(count: number): Places {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
