// How long a download takes on a link. The figures are what an operator can expect, not what a data sheet promises.

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
    name: "WiFi, from a van",
    about: "2.4 GHz at some distance; a MicroPython board reads about 250 kB/s and opens a connection for each file",
    figures: [2000, 100, 0.05],
  },
  {
    id: "nbiot",
    name: "NB-IoT",
    about: "Cat NB1 downlink, one tone; each request waits for the network to grant it",
    figures: [26, 100, 1.6],
  },
  {
    id: "lora",
    name: "LoRa DR5",
    about: "SF7, 125 kHz: 5.47 kbit/s on air, of which European rules leave a gateway 1 % in most channels",
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
