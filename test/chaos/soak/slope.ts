/** A line through measured points. */
export interface Slope {
  /** Units of y for one of x. */
  readonly perUnit: number;
  /** Half of the 95 % confidence interval, for residuals that are independent of one another. */
  readonly margin: number;
  readonly points: number;
}

/** Ordinary least squares. The interval is by Student's t: two-sided 95 % is 1.96 + 2.4/df + 3/df² within 0.2 % from 8 on. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / count;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perUnit = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const residuals = points.reduce((sum, [x, y]) => sum + (y - meanY - perUnit * (x - meanX)) ** 2, 0);
  const freedom = count - 2;
  const margin = (1.96 + 2.4 / freedom + 3 / freedom ** 2) * Math.sqrt(residuals / freedom / spreadX);
  return { perUnit, margin, points: count };
}
