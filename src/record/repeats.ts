/** Times that the same thing is told; one cause may hold back a thousand slots. */
const timesTold = 3;

/** Says of each key whether it is new enough to be told: `last` when the next ones like it will not be, then `again`. */
export function watchRepeats(): (key: string) => "new" | "last" | "again" {
  const seen = new Map<string, number>();
  return (key) => {
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    if (times < timesTold) return "new";
    return times === timesTold ? "last" : "again";
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** The same log, but warnings that differ in nothing but their slot are written a few times only; the last one says so. */
export function tellWarningsOnce<T extends { warn(event: string, fields?: Fields): void }>(log: T): T {
  const repeat = watchRepeats();
  return {
    ...log,
    warn(event: string, fields: Fields = {}) {
      const { slot: _, ...said } = fields;
      const told = repeat(JSON.stringify([event, said]));
      if (told === "again") return;
      log.warn(event, told === "last" ? { ...fields, more: "others like this are not shown" } : fields);
    },
  };
}
