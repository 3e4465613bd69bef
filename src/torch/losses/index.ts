export { dice, diceWithPositives } from './dice.js';
