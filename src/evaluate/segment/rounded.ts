/** Rounds to a number of decimals, for tables that people read; null stays null. */
export const rounded = (value: number | null, decimals: number): number | null =>
  value === null ? null : Number(value.toFixed(decimals));
