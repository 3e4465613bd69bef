import { dataSetBytes, explicitLittle, type Fields, itemsBytes, type Stack, sliceFields } from './dicomBytes.mjs';

export const enhancedCt = '1.2.840.10008.5.1.4.1.1.2.1';

const sequence = (fields: Fields, syntax: string, open = false) => itemsBytes([dataSetBytes(fields, syntax)], open);

/** The functional groups of one slice, by the tags that `sliceFields` gives it. */
export const planeGroups = (fields: Fields, syntax = explicitLittle): Fields => ({
  '(0020,9113) SQ': sequence({ ImagePositionPatient: fields.ImagePositionPatient! }, syntax),
  '(0020,9116) SQ': sequence({ ImageOrientationPatient: fields.ImageOrientationPatient! }, syntax, true),
  '(0028,9110) SQ': sequence({ PixelSpacing: fields.PixelSpacing!, SliceThickness: fields.SliceThickness! }, syntax),
});

export interface EnhancedOptions {
  /** Slices in the order of the frames. */
  order?: readonly number[];
  /** Slope and intercept of slice k. */
  rescale?: (k: number) => [slope: number, intercept: number];
  over?: Fields;
}

/** A stack as one Enhanced CT: orientation and measures are shared, position and values of each frame its own. */
export const enhancedFields = (stack: Stack, options: EnhancedOptions = {}, syntax = explicitLittle): Fields => {
  const { order = Array.from({ length: stack.shape[0]! }, (_, k) => k), rescale = () => [1, -1024], over } = options;
  const slices = order.map((k) => sliceFields(stack, k));
  const {
    ImagePositionPatient: _position,
    ImageOrientationPatient: _orientation,
    PixelSpacing: _spacing,
    SliceThickness: _thickness,
    RescaleSlope: _slope,
    RescaleIntercept: _intercept,
    ...common
  } = slices[0]!;
  const { '(0020,9113) SQ': _first, ...shared } = planeGroups(slices[0]!, syntax);
  const own = slices.map((slice, frame) => {
    const [RescaleSlope, RescaleIntercept] = rescale(order[frame]!);
    return dataSetBytes(
      {
        '(0020,9113) SQ': planeGroups(slice, syntax)['(0020,9113) SQ']!,
        '(0028,9145) SQ': sequence({ RescaleSlope, RescaleIntercept, RescaleType: 'HU' }, syntax),
        '(0018,9329) SQ': sequence({ '(0008,9007) CS': ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'] }, syntax),
      },
      syntax,
    );
  });
  return {
    ...common,
    SOPClassUID: enhancedCt,
    NumberOfFrames: order.length,
    '(5200,9229) SQ': itemsBytes([dataSetBytes(shared, syntax)]),
    '(5200,9230) SQ': itemsBytes(own, true),
    PixelData: Buffer.concat(slices.map(({ PixelData }) => PixelData as Buffer)),
    ...over,
  };
};
