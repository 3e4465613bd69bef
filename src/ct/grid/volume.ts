/** x, y, z in millimetres or as a direction. */
export type Vector3 = readonly [number, number, number];

/** Rows of a 3×3 matrix. As in ITK the columns of a direction are the axes: column 0 is the way of the column index. */
export type Matrix3 = readonly [Vector3, Vector3, Vector3];

/** Number of voxels along [slices, rows, columns]; the last runs fastest in memory. */
export type Shape3 = readonly [slices: number, rows: number, columns: number];

/** Where a grid of voxels lies in the patient: LPS millimetres, as ITK and DICOM have it. */
export interface Geometry {
  readonly shape: Shape3;
  /** Distance of neighbouring voxels in mm along x-, y- and z-index (column, row, slice); null where the file does not know it. */
  readonly spacing: Vector3 | null;
  /** Centre of voxel (0, 0, 0), LPS mm. */
  readonly origin: Vector3;
  readonly direction: Matrix3;
}

/** A scan: the value of a voxel is `voxels[k] * scale + offset`; scale is 1 and offset 0 wherever int16 holds the values exactly. */
export interface Volume extends Geometry {
  readonly voxels: Int16Array;
  /** 'hu': Hounsfield units; 'arbitrary': 8-bit or rescaled, where no rule in HU applies. */
  readonly intensity: 'hu' | 'arbitrary';
  /** The series, as LUNA16 has it: the file's name without its extension. */
  readonly uid: string;
  /** SOP instance UID of each slice, where the file knows them; gone once the scan is resampled. */
  readonly sliceUids?: readonly string[];
  readonly scale: number;
  readonly offset: number;
}

/** Labels or readers' votes on the grid of a scan. */
export interface MaskVolume extends Geometry {
  readonly voxels: Uint8Array;
  readonly uid: string;
}

export const identityDirection: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** The number that `volume.voxels` would hold for a value (such as a threshold in HU); not rounded. */
export const storedValue = (volume: Pick<Volume, 'scale' | 'offset'>, value: number): number =>
  (value - volume.offset) / volume.scale;

export const voxelCount = ([slices, rows, columns]: Shape3): number => slices * rows * columns;

/** Where something lies, without what it is. */
export const geometryOf = ({ shape, spacing, origin, direction }: Geometry): Geometry => ({
  shape,
  spacing,
  origin,
  direction,
});
