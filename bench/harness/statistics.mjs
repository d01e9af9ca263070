/** Returns the value below which a share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.round((sorted.length - 1) * share)];
}

/** Returns the value in the middle. */
export function median(values) {
  return quantile(values, 0.5);
}
