/** Each series on top of those before it. */
export function stack(series: (number | null)[][]): number[][] {
  const sums: number[] = new Array<number>(series[0]?.length ?? 0).fill(0);
  return series.map((values) => values.map((value, index) => (sums[index] = (sums[index] ?? 0) + (value ?? 0))));
}
