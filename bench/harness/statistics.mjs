/** Returns the value below which a share of the values lies, between two of them where it falls there. */
export function quantile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** Returns the value in the middle. */
export function median(values) {
  return quantile(values, 0.5);
}
