import type { Tensor } from '../tensor/tensor.js';

// The words in which src/torch/operators/operatorTypes.generated.ts says what an operator takes.

/** `int` of a schema: a whole number; a bigint beyond 2^53. */
export type Int = number | bigint;
/** `int[2]` of a schema: one number serves for all. */
export type Ints = Int | readonly Int[];
/** `Scalar` of a schema. A whole number is an integer, as a literal without a point is in Python. */
export type Scalar = number | bigint | boolean;
/** A Tensor, or a number that stands for a 0-dim tensor of its value, with Python's type promotion. */
export type Operand = Tensor | Scalar;
export type Layout = 'strided' | 'sparse_coo';
export type MemoryFormat = 'contiguous_format' | 'preserve_format' | 'channels_last' | 'channels_last_3d';

/** What an operator takes. A plain object as the last argument holds arguments by name (camelCase or snake_case). */
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
