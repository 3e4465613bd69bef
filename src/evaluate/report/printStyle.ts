/** Prints a page in its light colours, without breaks inside cards, charts, figures and rows. */
export const PRINT_STYLE = `@media print{
:root{--ink:#111;--soft:#444;--line:#bbb;--back:#fff;--card:#fff;--s0:#1660c4;--s1:#b4460b;--grid:#ddd}
:root{color-scheme:light}nav{display:none}body{max-width:none;padding:0}
.card,.chart,figure,tr{break-inside:avoid}h2,h3{break-after:avoid}*{print-color-adjust:exact}}`;
