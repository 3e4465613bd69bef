/** The golden angle in radians: neighbouring numbers get colours far apart. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/**
 * Returns a colour for a segment as RecommendedDisplayCIELabValue has it: L* of 0 to 100 and a*, b* of -128 to 127,
 * each scaled to 0…65535 (PS3.3 section C.10.7.1.1). All are equally bright, so none hides another.
 */
export function segmentColor(number: number): [number, number, number] {
  const angle = number * GOLDEN_ANGLE;
  const [lightness, chroma] = [70, 60];
  const scaled = (value: number) => Math.round(((value + 128) * 65535) / 255);
  return [Math.round((lightness * 65535) / 100), scaled(chroma * Math.cos(angle)), scaled(chroma * Math.sin(angle))];
}
