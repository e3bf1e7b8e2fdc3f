// How figures are said: the same rules as in the terminal.

/**
 * A signed figure in nats, with a true minus sign and none on zero.
 * @param {number} value
 * @param {number} [digits]
 */
export function nats(value, digits = 2) {
  const size = Math.abs(value).toFixed(digits);
  if (Number(size) === 0) return size;
  return (value < 0 ? "−" : "+") + size;
}

/**
 * A share as a whole percentage, "<1%" and ">99%" where rounding would say none or all.
 * @param {number} value
 */
export function percent(value) {
  if (value > 0 && value < 0.005) return "<1%";
  if (value >= 0.995 && value < 1) return ">99%";
  return `${Math.round(value * 100)}%`;
}

/**
 * "1 trace", "2,000 traces".
 * @param {number} count
 * @param {string} one
 */
export function counted(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

/**
 * The first letter as a capital.
 * @param {string} text
 */
export function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
