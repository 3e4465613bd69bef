import { nearestIndex, readMask, type Volume } from '../ct/index.js';
import { type Annotation, type BoxRuleOptions, boundingBoxMask } from '../labels/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import { backgroundPoints } from './backgroundPoints.js';
import type { LabelledScan, ScanNodule } from './labelledScan.js';
import { type Box, componentBox, noduleSlices, type Triple } from './noduleSlices.js';

/** Part of a prepared scan's key: raise it whenever the same file and options give another truth. */
export const labelRuleVersion = 1;

/** How far from its annotated point, in voxels, a nodule of an exact mask is looked for. */
const reach = 3;

export interface LabelOptions {
  rule?: BoxRuleOptions;
  /** Places without a nodule to find. */
  backgroundPoints: number;
}

/**
 * A scan with its ground truth: the exact mask where there is one (phantoms), else by the rule from the annotated points.
 * @throws NoduleTrainError `mask-shape` where the exact mask does not fit, and what reading and the rule throw
 */
export async function labelScan(
  volume: Volume,
  annotations: readonly Annotation[],
  maskPath: string | null,
  options: LabelOptions,
): Promise<LabelledScan> {
  const { mask, nodules } =
    maskPath === null
      ? byRule(volume, annotations, options.rule)
      : byMask(volume, annotations, await exactMask(volume, maskPath));
  return { volume, mask, nodules, background: backgroundPoints(volume, mask, options.backgroundPoints) };
}

async function exactMask({ shape, uid }: Volume, path: string): Promise<Uint8Array> {
  const mask = await readMask(path);
  if (mask.shape.some((extent, axis) => extent !== shape[axis]))
    throw new NoduleTrainError(
      'mask-shape',
      `reading the mask ${path}: it has [${mask.shape}] voxels, but its scan ${uid} [${shape}]; give the mask of this scan`,
    );
  return mask.voxels;
}

function byMask(volume: Volume, annotations: readonly Annotation[], mask: Uint8Array) {
  const nodules = annotations.map((annotation) => {
    const center = nearestIndex(volume, annotation.center) as unknown as Triple;
    const box = componentBox(mask, volume.shape, center, reach) ?? { low: center, high: center };
    return noduleOf(volume, mask, annotation, center, box);
  });
  return { mask, nodules };
}

function byRule(volume: Volume, annotations: readonly Annotation[], rule: BoxRuleOptions | undefined) {
  const { mask, nodules } = boundingBoxMask(volume, annotations, rule);
  return {
    mask,
    nodules: nodules.map(({ annotation, center, boxLow, boxHigh }) =>
      noduleOf(volume, mask, annotation, center as unknown as Triple, {
        low: boxLow as unknown as Triple,
        high: boxHigh as unknown as Triple,
      }),
    ),
  };
}

function noduleOf(volume: Volume, mask: Uint8Array, annotation: Annotation, center: Triple, box: Box): ScanNodule {
  const slices = noduleSlices(mask, volume.shape, box);
  return {
    center,
    centerLps: annotation.center,
    diameterMm: annotation.diameterMm,
    ...(annotation.malignant === undefined ? {} : { malignant: annotation.malignant }),
    box,
    voxels: slices.reduce((sum, { voxels }) => sum + voxels, 0),
    slices,
  };
}
