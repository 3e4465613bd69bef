import { type Dataset, noduleDiameter, SIZE_CLASS_NAMES, sizeClass } from '../../data/index.js';
import { predictScan, type ScanModel } from '../../model/index.js';
import {
  bootstrapInterval,
  type Interval,
  type NoduleScore,
  type OperatingPoint,
  predictionAt,
  scoreAt,
} from '../../score/index.js';
import { type Figures, figuresOf, type ScoredScan } from '../figures.js';
import { addToBins, type CalibrationBins, confidenceEce, emptyBins, noduleEce, sumBins } from './calibration.js';
import { extremes } from './extremes.js';
import { type NodulePictures, nodulePictures } from './nodulePictures.js';

/** One nodule of the scored scans. */
export interface ReportNodule {
  /** Series, as in the run's split. */
  uid: string;
  /** In the scan, from 1. */
  number: number;
  /** In mm; in voxels where the scan's spacing is unknown. */
  diameter: number;
  /** Null where no two readers agree on any voxel. */
  dice: number | null;
  found: boolean;
  truthVoxels: number;
  predictedVoxels: number;
}

export interface PicturedNodule {
  nodule: ReportNodule;
  pictures: NodulePictures;
}

/** Both expected calibration errors with 95 % intervals over patients; null where there is no such voxel. */
export interface CalibrationFigures {
  bins: CalibrationBins;
  confidence: Estimate;
  nodule: Estimate;
  /** Of the nodule's probability, over voxels of at least this. */
  from: number;
}

interface Estimate {
  value: number | null;
  interval: Interval | null;
}

export interface ValidationScores {
  figures: Figures;
  /** The same of the nodules with agreement of each size class; null for an empty class. */
  bySize: { name: string; figures: Figures | null }[];
  nodules: ReportNodule[];
  best: PicturedNodule[];
  worst: PicturedNodule[];
  calibration: CalibrationFigures;
  /** What diameters are in. */
  unit: 'mm' | 'voxels' | 'mm or voxels';
  point: OperatingPoint;
}

export interface ScoringOptions {
  dataset: Dataset;
  uids: readonly string[];
  model: ScanModel;
  point: OperatingPoint;
  /** Best ones, and worst ones, to make pictures of. */
  pictures: number;
  /** Scans done, with parts of the one at hand. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Below, everything is background that nobody asks about. */
const calibratedFrom = 0.05;

/** Segments scans one after another and collects all that a report shows of them; of the voxels nothing is kept but the pictures. */
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
    const prediction = predictionAt(scan, point);
    const score = scoreAt(scan, point);
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
      // Of two that were missed the larger one is the worse; there is nothing to see of one without a label.
      if (nodule.dice !== null)
        pictured.add([nodule.dice, (nodule.dice > 0 ? 1 : -1) * nodule.truthVoxels], () => ({
          nodule,
          pictures: nodulePictures(volume, truth, prediction, own),
        }));
    }
  }
  const { best, worst } = pictured.read();
  return {
    figures: figuresOf(scored),
    bySize: SIZE_CLASS_NAMES.map((name, size) => ({ name, figures: figuresOfClass(scored, size) })),
    nodules,
    best: best.filter(({ nodule }) => nodule.dice! > 0),
    worst,
    calibration: calibrationOf([...bins.values()]),
    unit: units.size === 2 ? 'mm or voxels' : ([...units][0] ?? 'mm'),
    point,
  };
}

function reportNodule(uid: string, n: number, diameter: number, { overlap: voxels, dice, found }: NoduleScore) {
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

/** All patients stay, so that intervals draw from the same ones. */
function figuresOfClass(scans: readonly (ScoredScan & { classes: number[] })[], size: number): Figures | null {
  const own = scans.map(({ classes, ...scan }) => ({
    ...scan,
    model: {
      ...scan.model,
      nodules: scan.model.nodules.filter(({ overlap: { truth } }, n) => truth > 0 && classes[n] === size),
    },
  }));
  return own.some(({ model }) => model.nodules.length > 0) ? figuresOf(own) : null;
}

function calibrationOf(patients: readonly CalibrationBins[]): CalibrationFigures {
  const estimate = (ece: (bins: CalibrationBins) => number | null): Estimate => ({
    value: ece(sumBins(patients)),
    interval: bootstrapInterval(patients, (drawn) => ece(sumBins(drawn))),
  });
  return {
    bins: sumBins(patients),
    confidence: estimate(confidenceEce),
    nodule: estimate((bins) => noduleEce(bins, calibratedFrom)),
    from: calibratedFrom,
  };
}
