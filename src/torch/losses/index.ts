export { crossEntropy } from './crossEntropy.js';
export { dice, diceWithPositives } from './dice.js';
export { type TverskyOptions, tversky } from './tversky.js';
