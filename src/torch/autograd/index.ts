export { type GradOptions, grad, type Tensors } from './grad.js';
