import { displayRange, patientViews, planeImage, type RgbImage, type Volume } from '../../../ct/index.js';

/** Draws the middle slice of a scan, whole, with square pixels. @param side of the picture in pixels */
export function middleSlice(scan: Volume, side: number): { name: string; image: RgbImage } {
  const [view] = patientViews(scan);
  const size = ({ axis }: typeof view.across) => scan.shape[axis] * (scan.spacing?.[2 - axis] ?? 1);
  const pixel = Math.max(size(view.across), size(view.down)) / side;
  const index = scan.shape[0] >> 1;
  const center = [index, (scan.shape[1] - 1) / 2, (scan.shape[2] - 1) / 2] as const;
  const width = Math.max(1, Math.round(size(view.across) / pixel));
  const height = Math.max(1, Math.round(size(view.down) / pixel));
  const image = planeImage(scan, { view, index, center, width, height, pixel }, displayRange(scan));
  return { name: view.name === 'slice' ? `slice ${index}` : `${view.name}, slice ${index}`, image };
}
