import { type Dataset, noduleDiameter, SIZE_CLASS_NAMES, sizeClass } from '../../data/index.js';
import { predictScan, type ScanModel } from '../../model/index.js';
import {
  applyPoint,
  bootstrapInterval,
  type Interval,
  type NoduleScore,
  type OperatingPoint,
} from '../../score/index.js';
import { computeFigures, type Figures, type ScoredScan } from '../figures.js';
import { addToBins, type CalibrationBins, confidenceEce, emptyBins, noduleEce, sumBins } from './calibration.js';
import { extremes } from './extremes.js';
import { type NodulePictures, nodulePictures } from './nodulePictures.js';

/** One nodule of the scored scans. */
export interface ReportNodule {
  /** UID of the series, as in the run's split. */
  uid: string;
  /** Number in the scan, from 1. */
  number: number;
  /** In mm; in voxels if the spacing of the scan is unknown. */
  diameter: number;
  /** Null without any voxel that two readers agree on. */
  dice: number | null;
  found: boolean;
  truthVoxels: number;
  predictedVoxels: number;
}

export interface PicturedNodule {
  nodule: ReportNodule;
  pictures: NodulePictures;
}

/** The two expected calibration errors with 95 % intervals over patients; null without voxels. */
export interface CalibrationFigures {
  bins: CalibrationBins;
  confidence: Estimate;
  nodule: Estimate;
  /** Lowest probability of the voxels in `nodule`. */
  from: number;
}

interface Estimate {
  value: number | null;
  interval: Interval | null;
}

export interface ValidationScores {
  figures: Figures;
  /** Figures of the nodules with agreement in each size class; null for an empty class. */
  bySize: { name: string; figures: Figures | null }[];
  nodules: ReportNodule[];
  best: PicturedNodule[];
  worst: PicturedNodule[];
  calibration: CalibrationFigures;
  /** Unit of the diameters. */
  unit: 'mm' | 'voxels' | 'mm or voxels';
  point: OperatingPoint;
}

export interface ScoringOptions {
  dataset: Dataset;
  uids: readonly string[];
  model: ScanModel;
  point: OperatingPoint;
  /** Number of best and of worst nodules to draw. */
  pictures: number;
  /** Called with the number of scans done, as a fraction within a scan. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Lowest probability of the voxels in the second calibration error: those below are background. */
const CALIBRATED_FROM = 0.05;

/** Segments scans one after another and collects what a report shows: figures, nodules, pictures and calibration. */
export async function scoreValidation(options: ScoringOptions): Promise<ValidationScores> {
  const { dataset, uids, model, point, signal } = options;
  const patients = new Map(dataset.scans.map(({ uid, patient }) => [uid, patient ?? uid]));
  const scored: (ScoredScan & { classes: number[] })[] = [];
  const bins = new Map<string, CalibrationBins>();
  const nodules: ReportNodule[] = [];
  const pictured = extremes<PicturedNodule>(options.pictures);
  const units = new Set<'mm' | 'voxels'>();
  for (const [done, uid] of uids.entries()) {
    const labelled = await dataset.load(uid);
    const scan = await predictScan(labelled, model, {
      signal,
      onProgress: (slices, of) => options.onProgress?.(done + slices / of, uids.length),
    });
    const { volume, truth } = scan;
    const { score, mask } = applyPoint(scan, point);
    let prediction: Uint8Array | null = null;
    const patient = patients.get(uid) ?? uid;
    const classes = labelled.nodules.map((nodule) => sizeClass(nodule, volume));
    scored.push({ uid, patient, model: score, baseline: null, classes });
    if (!bins.has(patient)) bins.set(patient, emptyBins());
    addToBins(bins.get(patient)!, scan.probabilities, truth);
    units.add(volume.spacing === null ? 'voxels' : 'mm');
    for (const [n, result] of score.nodules.entries()) {
      const own = labelled.nodules[n]!;
      const nodule = reportNodule(uid, n, noduleDiameter(own, volume), result);
      nodules.push(nodule);
      // A nodule without a label has nothing to show. Among missed nodules, the larger is the worse.
      if (nodule.dice !== null)
        pictured.add([nodule.dice, (nodule.dice > 0 ? 1 : -1) * nodule.truthVoxels], () => {
          prediction ??= mask();
          return { nodule, pictures: nodulePictures(volume, truth, prediction, own) };
        });
    }
  }
  const { best, worst } = pictured.read();
  return {
    figures: computeFigures(scored),
    bySize: SIZE_CLASS_NAMES.map((name, size) => ({ name, figures: sizeClassFigures(scored, size) })),
    nodules,
    best: best.filter(({ nodule }) => nodule.dice! > 0),
    worst,
    calibration: calibrationFigures([...bins.values()]),
    unit: units.size === 2 ? 'mm or voxels' : ([...units][0] ?? 'mm'),
    point,
  };
}

function reportNodule(
  uid: string,
  n: number,
  diameter: number,
  { overlap: voxels, dice, found }: NoduleScore,
): ReportNodule {
  return {
    uid,
    number: n + 1,
    diameter,
    dice: voxels.truth > 0 ? dice : null,
    found,
    truthVoxels: voxels.truth,
    predictedVoxels: voxels.predicted,
  };
}

/** Computes the figures of one size class; keeps all patients, so that the intervals draw from the same ones. */
function sizeClassFigures(scans: readonly (ScoredScan & { classes: number[] })[], size: number): Figures | null {
  const own = scans.map(({ classes, ...scan }) => ({
    ...scan,
    model: {
      ...scan.model,
      nodules: scan.model.nodules.filter(({ overlap: { truth } }, n) => truth > 0 && classes[n] === size),
    },
  }));
  return own.some(({ model }) => model.nodules.length > 0) ? computeFigures(own) : null;
}

function calibrationFigures(patients: readonly CalibrationBins[]): CalibrationFigures {
  const bins = sumBins(patients);
  const estimate = (ece: (bins: CalibrationBins) => number | null): Estimate => ({
    value: ece(bins),
    interval: bootstrapInterval(patients, (sample) => ece(sumBins(sample))),
  });
  return {
    bins,
    confidence: estimate(confidenceEce),
    nodule: estimate((sample) => noduleEce(sample, CALIBRATED_FROM)),
    from: CALIBRATED_FROM,
  };
}
