/**
 * A lower confidence bound of an error rate that holds at every moment at once, so that it may be
 * looked at after each label. Betting against "the rate is at most m": the wealth is the product of
 * q(x) / m(x) over the labels, where q is the Krichevsky-Trofimov estimate from the labels before,
 * never below m. Its mean never grows when the rate is at most m, so by Ville's inequality it
 * reaches 1/alpha with probability alpha at most (Waudby-Smith and Ramdas, "Estimating means of
 * bounded random variables by betting", JRSS B 2024).
 */

/** Rates that are tried: multiples of 1/500. */
const gridSteps = 500;

/** The largest rate (0-1) that is too low to explain these errors, at error probability alpha. */
export function lowerErrorBound(wasWrong: readonly boolean[], alpha: number): number {
  let bound = 0;
  for (let step = 1; step < gridSteps; step++) {
    const rate = step / gridSteps;
    if (!isRefuted(wasWrong, rate, alpha)) return bound;
    bound = rate;
  }
  return bound;
}

function isRefuted(wasWrong: readonly boolean[], rate: number, alpha: number): boolean {
  const goal = -Math.log(alpha);
  let logWealth = 0;
  let errors = 0;
  for (const [seen, isError] of wasWrong.entries()) {
    const bet = Math.max(rate, (errors + 0.5) / (seen + 1));
    logWealth += isError ? Math.log(bet / rate) : Math.log((1 - bet) / (1 - rate));
    if (logWealth >= goal) return true;
    if (isError) errors += 1;
  }
  return false;
}
