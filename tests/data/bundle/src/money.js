// What things cost.

const currencies = new Map([
  ["EUR", 2],
  ["JPY", 0],
]);

export function digitsOf(currency) {
  const digits = currencies.get(currency);
  if (digits === undefined) {
    throw new RangeError(`unknown currency ${currency}`); // thrown here
  }
  return digits;
}

export const roundTo = (amount, currency) => {
  const factor = 10 ** digitsOf(currency); // asked here
  return Math.round(amount * factor) / factor;
};
