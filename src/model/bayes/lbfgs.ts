/** @file Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5) with backtracking by Armijo's rule. */

export interface MinimiseOptions {
  steps: number;
  /** The largest part of the gradient at which it ends. */
  tolerance: number;
  /** After each step, counted from 1. */
  onStep: (step: number) => Promise<void>;
}

/** Steps that are remembered. */
const memory = 10;

/** Minimises a smooth function. `evaluate` gives its value and writes its gradient. `start` is not changed. */
export async function minimise(
  evaluate: (at: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  { steps, tolerance, onStep }: MinimiseOptions,
): Promise<{ at: Float64Array; converged: boolean }> {
  let at = start.slice();
  let gradient = new Float64Array(at.length);
  let value = evaluate(at, gradient);
  const past: Past[] = [];
  for (let step = 1; step <= steps; step++) {
    if (largest(gradient) <= tolerance) return { at, converged: true };
    const direction = findDirection(gradient, past);
    const slope = dot(direction, gradient);
    let length = past.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const next = new Float64Array(at.length);
    const nextGradient = new Float64Array(at.length);
    let nextValue = Number.NaN;
    for (let halved = 0; ; halved++) {
      for (let i = 0; i < at.length; i++) next[i] = at[i]! + length * direction[i]!;
      nextValue = evaluate(next, nextGradient);
      // Near the bottom the values differ by their rounding alone, while the gradient still tells the way.
      if (nextValue <= value + 1e-4 * length * slope + 4 * Number.EPSILON * Math.abs(value)) break;
      // No step leads down any more: this is as exact as numbers are.
      if (halved === 40) return { at, converged: largest(gradient) <= 10 * tolerance };
      length /= 2;
    }
    const moved = next.map((each, i) => each - at[i]!);
    const turned = nextGradient.map((each, i) => each - gradient[i]!);
    const curvature = dot(moved, turned);
    if (curvature > 1e-12 * dot(turned, turned)) past.push({ moved, turned, curvature });
    if (past.length > memory) past.shift();
    [at, gradient, value] = [next, nextGradient, nextValue];
    await onStep(step);
  }
  return { at, converged: largest(gradient) <= tolerance };
}

interface Past {
  moved: Float64Array;
  turned: Float64Array;
  curvature: number;
}

/** Down, bent by what the last steps told of the curvature. */
function findDirection(gradient: Float64Array, past: readonly Past[]): Float64Array {
  const direction = gradient.map((each) => -each);
  const shares: number[] = [];
  for (const [k, { moved, turned, curvature }] of [...past.entries()].toReversed()) {
    shares[k] = dot(moved, direction) / curvature;
    add(direction, turned, -shares[k]);
  }
  const last = past.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.turned, last.turned);
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (const [k, { moved, turned, curvature }] of past.entries())
    add(direction, moved, shares[k]! - dot(turned, direction) / curvature);
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float64Array, what: Float64Array, share: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += share * what[i]!;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
