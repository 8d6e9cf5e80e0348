const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * Natural logarithm of the gamma function for x > 0: Stirling's series (Abramowitz and Stegun
 * 6.1.41) after raising x above 8 by the recurrence; error below 1e-11.
 */
export function logGamma(x: number): number {
  let product = 1;
  let y = x;
  while (y < 8) {
    product *= y;
    y += 1;
  }
  const inverse = 1 / y;
  const square = inverse * inverse;
  const series =
    inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680))));
  const value = (y - 0.5) * Math.log(y) - y + halfLogTwoPi + series;
  return product === 1 ? value : value - Math.log(product);
}
