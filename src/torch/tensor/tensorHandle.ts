import { native } from '../native.js';
import type { Tensor } from './tensor.js';

// What the rest of this layer needs of a Tensor. The class has methods that call operators and scopes, and these need
// its private fields: it lends them here when it is defined, so that no two files import each other. What tensor.ts
// imports takes them from here, all others from tensor.ts, which loads the class. (A base class with the fields would
// need no lending, but the constructor of a derived class costs 3 % of a small operator.)

interface Inside {
  isTensor(value: unknown): value is Tensor;
  slotOf(tensor: Tensor): number;
  rawSlot(tensor: Tensor): number;
  release(tensor: Tensor): number;
  shapeChanged(tensor: Tensor): void;
  construct(slot: number): Tensor;
}

/** Whether a value is a Tensor of this package, by its private fields. */
export let isTensor: Inside['isTensor'] = (_): _ is Tensor => false;
/** @throws NoduleTrainError `disposed` */
export let slotOf: Inside['slotOf'];
/** The slot, or -1 of a disposed tensor. */
export let rawSlot: Inside['rawSlot'];
/** Marks the object as disposed and returns its slot, which the caller frees. */
export let release: Inside['release'];
/** Drops the cached shape and dtype, which an in-place operator may have changed. */
export let shapeChanged: Inside['shapeChanged'];
let construct: Inside['construct'] = () => {
  throw new Error('making a Tensor: its class is not loaded. Import tensor/tensor.ts.');
};

/** Called once, by the class Tensor. */
export function lendInside(inside: Inside): void {
  ({ isTensor, slotOf, rawSlot, release, shapeChanged, construct } = inside);
}

/** Tensors made in each open scope, innermost last. */
export const openScopes: Tensor[][] = [];

/** Frees tensors made outside every scope once their object is garbage. */
const collected = new FinalizationRegistry<number>((slot) => native().dispose(slot));

/** Leaves a tensor to the garbage collector, whichever scope is open. */
export function trackOwned(tensor: Tensor, slot: number): void {
  collected.register(tensor, slot, tensor);
  native().watch(slot);
}

/** Gives a tensor to the innermost open scope, or to the garbage collector if none is open. */
export function track(tensor: Tensor, slot: number): void {
  const innermost = openScopes[openScopes.length - 1];
  if (innermost !== undefined) innermost.push(tensor);
  else trackOwned(tensor, slot);
}

/** Takes a tensor back from the garbage collector, before it is freed by hand. */
export function forget(tensor: Tensor): void {
  collected.unregister(tensor);
}

/** Makes the object for a slot that native code returned. It belongs to the innermost open scope. */
export function fromSlot(slot: number): Tensor {
  const tensor = construct(slot);
  track(tensor, slot);
  return tensor;
}

/** Like {@link fromSlot}, but for what an object keeps (parameters, gradients, moments): no scope frees it. */
export function ownedFromSlot(slot: number): Tensor {
  const tensor = construct(slot);
  trackOwned(tensor, slot);
  return tensor;
}
