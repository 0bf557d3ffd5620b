/** One promise of speed: what was measured, beside what the same machine needs at least, measured in the same run. */
export interface BenchRow {
  name: string;
  /** What was measured, with its unit. */
  figure: string;
  /** The least that it could be, with its unit. */
  floor: string;
  /** The figure as a multiple of the floor. */
  ratio: number;
  /** The ratio that was promised: the most, or for throughput the least. */
  limit: number;
  holds: boolean;
  /** Set where requests were counted and no time was measured: no busy machine excuses a miss. */
  isCount?: true;
  /** What a reader needs to judge the figure. */
  detail?: string;
}
