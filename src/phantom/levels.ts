export type PhantomLevel = 'easy' | 'standard' | 'hard';
export type NoduleKind = 'solid' | 'part-solid' | 'ground-glass';
export type NoduleAttachment = 'isolated' | 'juxtavascular' | 'juxtapleural';

type Range = readonly [low: number, high: number];

/** Parameters of a level, fixed before anything was trained on phantoms (docs/guide/phantoms.md). */
export interface LevelParameters {
  /** Drawn uniformly in the logarithm. */
  diameterMm: Range;
  /** Share of each kind and attachment. */
  kinds: Readonly<Record<NoduleKind, number>>;
  attachments: Readonly<Record<NoduleAttachment, number>>;
  /** Largest relative deviation of the radius from an ellipsoid. */
  irregularity: number;
  /** Standard deviation of the noise after smoothing. */
  noiseHu: Range;
  /** Number of scars and bands of collapsed lung: as bright as nodules, but elongated. */
  scars: Range;
  /** Number of vessels that leave each hilum. */
  vesselRoots: number;
  /** Radius at which vessels end. */
  smallestVesselMm: number;
}

export const levels: Readonly<Record<PhantomLevel, LevelParameters>> = {
  easy: {
    diameterMm: [8, 25],
    kinds: { solid: 1, 'part-solid': 0, 'ground-glass': 0 },
    attachments: { isolated: 0.8, juxtavascular: 0.2, juxtapleural: 0 },
    irregularity: 0.08,
    noiseHu: [8, 14],
    scars: [0, 0],
    vesselRoots: 6,
    smallestVesselMm: 0.7,
  },
  standard: {
    diameterMm: [5, 25],
    kinds: { solid: 0.75, 'part-solid': 0.1, 'ground-glass': 0.15 },
    attachments: { isolated: 0.3, juxtavascular: 0.4, juxtapleural: 0.3 },
    irregularity: 0.12,
    noiseHu: [12, 24],
    scars: [1, 3],
    vesselRoots: 9,
    smallestVesselMm: 0.5,
  },
  hard: {
    diameterMm: [4, 20],
    kinds: { solid: 0.5, 'part-solid': 0.15, 'ground-glass': 0.35 },
    attachments: { isolated: 0.15, juxtavascular: 0.5, juxtapleural: 0.35 },
    irregularity: 0.18,
    noiseHu: [20, 36],
    scars: [3, 6],
    vesselRoots: 10,
    smallestVesselMm: 0.45,
  },
};
