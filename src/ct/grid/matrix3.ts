import type { Matrix3, Vector3 } from './volume.js';

export const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const apply = (m: Matrix3, v: Vector3): Vector3 => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];

export const transpose = ([a, b, c]: Matrix3): Matrix3 => [
  [a[0], b[0], c[0]],
  [a[1], b[1], c[1]],
  [a[2], b[2], c[2]],
];

export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** The inverse, by cofactors; the matrix must not be singular. */
export const inverse = ([a, b, c]: Matrix3): Matrix3 => {
  const bc = cross(b, c);
  const determinant = dot(a, bc);
  const over = ([x, y, z]: Vector3): Vector3 => [x / determinant, y / determinant, z / determinant];
  return transpose([over(bc), over(cross(c, a)), over(cross(a, b))]);
};

/** Distance of a matrix from orthonormal: the largest entry of |mᵀm − 1|. */
export const orthonormalError = (m: Matrix3): number => {
  const axes = transpose(m);
  return Math.max(...axes.flatMap((a, row) => axes.map((b, column) => Math.abs(dot(a, b) - (row === column ? 1 : 0)))));
};

export const scale = ([x, y, z]: Vector3, factor: number): Vector3 => [x * factor, y * factor, z * factor];

export const subtract = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

export const length = (v: Vector3): number => Math.hypot(...v);

export const determinant = ([a, b, c]: Matrix3): number => dot(a, cross(b, c));
