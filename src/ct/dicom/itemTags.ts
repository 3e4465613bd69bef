/** (FFFE,E000), which begins an item, as a little-endian number. */
export const itemTag = 0xe000fffe;

/** (FFFE,E0DD), which ends a sequence of undefined length. */
export const sequenceEndTag = 0xe0ddfffe;
