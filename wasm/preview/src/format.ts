// Formats numbers for people.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `109,348 B`. */
export function exactBytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${whole.format(bytes)} B` : "—";
}

export function count(value: number): string {
  return whole.format(value);
}

/** `109 kB`, three digits. */
export function bytes(size: number): string {
  if (!Number.isFinite(size)) return "—";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = Math.abs(size);
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${size < 0 ? "−" : ""}${value.toFixed(digits)} ${units[unit]}`;
}

export function change(size: number): string {
  if (!Number.isFinite(size)) return "—";
  return size === 0 ? "±0 B" : size > 0 ? `+${bytes(size)}` : bytes(size);
}

/** `0.6 s`, `12 min`, `3 h 20 min`, `5 days`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "forever";
  if (seconds === 0) return "no time";
  if (seconds < 0.1) return "under 0.1 s";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${count(Math.round(hours / 24))} days`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
