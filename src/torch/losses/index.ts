export { boundary } from './boundary.js';
export { crossEntropy } from './crossEntropy.js';
export { type DiceOptions, dice, diceWithPositives, logCoshDice } from './dice.js';
export { type FocalOptions, focal } from './focal.js';
export { type GeneralizedDiceOptions, generalizedDice } from './generalizedDice.js';
export { signedDistance } from './signedDistance.js';
export { type FocalTverskyOptions, focalTversky, type TverskyOptions, tversky } from './tversky.js';
