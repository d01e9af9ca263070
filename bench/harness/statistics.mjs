/** Returns the value below which a share of the values lies, between two of them where it falls there. */
export function quantile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** Returns a list in the order of a round: it turns from round to round, so that what the machine does beside this hits all alike. */
export function takeTurns(list, round) {
  return list.map((_, index) => list[(index + round + list.length) % list.length]);
}

/** Returns the value in the middle. */
export function median(values) {
  return quantile(values, 0.5);
}
