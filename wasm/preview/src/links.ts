// How long a download takes on a link. The figures are what an operator can expect, not what a data sheet promises.

import { links } from "./texts/links.js";

export interface Link {
  id: string;
  name: string;
  about: string;
  /** kbit/s while on air; percent of the time that it may be; seconds per file for request and response. */
  figures: readonly [number, number, number];
}

export const LINKS: readonly Link[] = [
  {
    id: "wifi",
    ...links.wifi,
    figures: [2000, 100, 0.05],
  },
  {
    id: "nbiot",
    ...links.nbiot,
    figures: [26, 100, 1.6],
  },
  {
    id: "lora",
    ...links.lora,
    figures: [5.47, 1, 2],
  },
];

export function linkOf(id: string): Link {
  return LINKS.find((link) => link.id === id) ?? LINKS[0]!;
}

export function seconds(figures: readonly [number, number, number], bytes: number, files: number): number {
  const [rate, share, each] = figures;
  if (bytes === 0 && files === 0) return 0;
  return (bytes * 8) / (rate * 1000 * (share / 100)) + files * each;
}
