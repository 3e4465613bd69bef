// The look that all pictures share: one font, one ink, and the colours of Okabe and Ito, safe for colour-blind readers.

export const fontFamily = "'DejaVu Sans', Verdana, sans-serif";

/** Pixels, in a picture 800 pixels wide. */
export const fontSize = { title: 19, heading: 14.5, body: 12.5, small: 11 };

export const paper = '#ffffff';
export const ink = '#1f2428';
export const grey = '#57606a';
export const line = '#c4cbd2';

export const orange = '#e69f00';
export const sky = '#56b4e9';
export const green = '#009e73';
export const yellow = '#f0e442';
export const blue = '#0072b2';
export const vermilion = '#d55e00';
export const purple = '#cc79a7';

/** @param {string} colour '#rrggbb' */
export const rgb = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
