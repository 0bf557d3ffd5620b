/** One figure of the benchmark beside its floor, measured in the same run. */
export interface BenchRow {
  name: string;
  figure: string;
  floor: string;
  ratio: number;
  limit: number;
  holds: boolean;
  detail?: string;
}
