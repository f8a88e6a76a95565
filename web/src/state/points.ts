/** The server counts characters, a browser counts UTF-16 units; emoji and many scripts are two units each. */

export function toPoints(text: string, units: number): number {
  return Array.from(text.slice(0, units)).length;
}

export function toUnits(text: string, points: number): number {
  return Array.from(text).slice(0, points).join("").length;
}
