import type { Tensor } from '../tensor/tensor.js';

// Argument types of the signatures in operatorTypes.generated.ts.

/** `int` of a schema: an integer, as a bigint beyond 2^53. */
export type Int = number | bigint;
/** `int[2]` of a schema: a list, or one number for all. */
export type Ints = Int | readonly Int[];
/** `Scalar` of a schema. An integral number is an integer, like a literal without a point in Python. */
export type Scalar = number | bigint | boolean;
/** A Tensor, or a number taken as a 0-dim tensor, with Python's type promotion. */
export type Operand = Tensor | Scalar;
export type Layout = 'strided' | 'sparse_coo';
export type MemoryFormat = 'contiguous_format' | 'preserve_format' | 'channels_last' | 'channels_last_3d';

/** Argument of an operator. A plain object in last place holds arguments by name (camelCase or snake_case). */
export type OperatorArgument =
  | Tensor
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | readonly (Tensor | null)[]
  | readonly (number | bigint | boolean | string)[]
  | { readonly [name: string]: OperatorArgument };
