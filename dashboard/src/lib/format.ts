// Numbers and times as people read them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : whole.format(value);
}

/** Proof-of-Humanity as the documentation writes it: no 0 before the point, at most four digits after it. */
export function poh(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value >= 0.995) return '1';
  if (value < 0.0001) return value === 0 ? '0' : '<.0001';
  const text = value.toFixed(value < 0.01 ? 4 : value < 0.1 ? 3 : 2);
  return text.slice(1);
}

export function share(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const percent = 100 * value;
  return percent !== 0 && percent < 1 ? `${percent.toPrecision(1)}%` : `${Math.round(percent)}%`;
}

export function decimal(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return whole.format(value);
  return String(Number(value.toPrecision(digits)));
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${one.format(scaled)} ${units[unit]}`;
}

export function microseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value < 1000) return `${decimal(value)} µs`;
  if (value < 1e6) return `${decimal(value / 1000)} ms`;
  return `${decimal(value / 1e6)} s`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** 14:03, or 14:03:22 with seconds; with the day where it is not today. */
export function clock(seconds: number, now: number, withSeconds = false): string {
  const at = new Date(seconds * 1000);
  const end = withSeconds ? `:${two(at.getSeconds())}` : '';
  const time = `${two(at.getHours())}:${two(at.getMinutes())}${end}`;
  const today = Math.abs(now - seconds) < 86400 && at.getDate() === new Date(now * 1000).getDate();
  return today ? time : `${day(seconds)} ${time}`;
}

export function day(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** 12 s, 5 min, 3 h, 8 d. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

export function ago(seconds: number, now: number): string {
  return now - seconds < 2 ? 'now' : `${duration(now - seconds)} ago`;
}

/** "1 account", "2 accounts". */
export function many(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}
