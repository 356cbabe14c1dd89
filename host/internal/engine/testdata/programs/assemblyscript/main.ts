// Functions whose results a host can compare; they use classes, closures over globals, maps, strings and exceptions.
@external("log", "number")
declare function log(value: f64): void;

class Point {
  constructor(public x: f64, public y: f64) {}
  plus(other: Point): Point { return new Point(this.x + other.x, this.y + other.y); }
  length(): f64 { return Math.sqrt(this.x * this.x + this.y * this.y); }
}

let calls = 0;

export function points(n: i32): f64 {
  let sum = new Point(0, 0);
  for (let i = 0; i < 2000 + n; i++) sum = sum.plus(new Point(i, Math.sin(i)));
  log(sum.length());
  return sum.x;
}

export function words(n: i32): i32 {
  const counts = new Map<string, i32>();
  const text = "the quick brown fox jumps over the lazy dog ".repeat(50 + n);
  for (let part = text.split(" "), i = 0; i < part.length; i++) {
    counts.set(part[i], (counts.has(part[i]) ? counts.get(part[i]) : 0) + i);
  }
  const keys = counts.keys().sort();
  for (let i = 0; i < keys.length; i++) log(counts.get(keys[i]));
  return keys.join(",").length;
}

export function sorted(n: i32): f64 {
  const values = new Array<f64>();
  let seed: u32 = 1 + n;
  for (let i = 0; i < 5000; i++) {
    seed = seed * 1664525 + 1013904223;
    values.push(f64(seed >> 8) / 3.0);
  }
  values.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  log(values[0]);
  return values.reduce<f64>((sum, value, index) => sum + value * index, 0);
}

export function format(n: i32): i32 {
  let text = "";
  for (let i = 0; i < 60; i++) text += (Math.pow(1.7, i - 30 + n) as f64).toString() + ";";
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = hash * 31 + text.charCodeAt(i);
  return hash;
}

export function buffers(n: i32): u64 {
  const bytes = new Uint8Array(3000000);
  bytes.fill(n as u8 + 3);
  bytes.copyWithin(7, 3, 2900000);
  bytes.set(bytes.subarray(10, 2000000), 500000);
  let sum: u64 = 0;
  for (let i = 0; i < bytes.length; i += 101) sum = sum * 33 + bytes[i];
  return sum;
}

export function vectors(n: i32): i64 {
  let state = i64x2.splat(n + 1);
  for (let i = 0; i < 10000; i++) state = i64x2.add(i64x2.mul(state, i64x2(3, 5)), i64x2.splat(i));
  return i64x2.extract_lane(state, 0) ^ i64x2.extract_lane(state, 1);
}

export function counted(): i32 { return ++calls; }

export function thrown(n: i32): void {
  if (n == 7) throw new Error("seven");
}
