export { crossEntropy } from './crossEntropy.js';
export { dice, diceWithPositives } from './dice.js';
