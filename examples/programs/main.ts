// Prints the numbers of all programs, as programs.py does.
import { setNumThreads } from 'nodule-train/torch';
import { attention } from './attention.js';
import { gradientPenalty } from './gradientPenalty.js';
import { gru } from './gru.js';
import { images } from './images.js';
import { mlp } from './mlp.js';
import { resnet } from './resnet.js';
import { unet3d } from './unet3d.js';
import { vae } from './vae.js';

setNumThreads(1);
const programs = { mlp, resnet, gru, attention, vae, gradient_penalty: gradientPenalty, unet3d, images };
const numbers = Object.fromEntries(Object.entries(programs).map(([name, program]) => [name, program()]));
console.log(JSON.stringify(numbers));
