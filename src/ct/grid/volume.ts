/** [x, y, z], in millimetres or as a direction. */
export type Vector3 = readonly [number, number, number];

/**
 * Rows of a 3×3 matrix. As in ITK, the columns of a direction matrix are the axes: column 0 is the direction of the
 * column index.
 */
export type Matrix3 = readonly [Vector3, Vector3, Vector3];

/** Number of voxels along [slices, rows, columns]; columns vary fastest in memory. */
export type Shape3 = readonly [slices: number, rows: number, columns: number];

/** The position of a voxel grid in the patient, in LPS millimetres as in ITK and DICOM. */
export interface Geometry {
  readonly shape: Shape3;
  /** Distance of neighbouring voxels in mm along [column, row, slice]; null where the file does not record it. */
  readonly spacing: Vector3 | null;
  /** Centre of voxel [0, 0, 0], LPS mm. */
  readonly origin: Vector3;
  readonly direction: Matrix3;
}

/**
 * A scan. A voxel has the value `voxels[k] * scale + offset`; scale is 1 and offset 0 wherever int16 holds the values
 * exactly.
 */
export interface Volume extends Geometry {
  /** `[slices, rows, columns]` */
  readonly voxels: Int16Array;
  /**
   * 'hu': Hounsfield units; 'arbitrary': other values, such as 8-bit or rescaled ones, to which no rule in HU applies.
   */
  readonly intensity: 'hu' | 'arbitrary';
  /** UID of the series; for formats without one the file name without its extension, as in LUNA16. */
  readonly uid: string;
  /** SOP instance UID of each slice, where the file has them; absent after resampling. */
  readonly sliceUids?: readonly string[];
  /** True where voxels were interpolated: rows, columns and slices are not those of the file. */
  readonly resampled?: true;
  /**
   * FrameOfReferenceUID of a DICOM series: positions of two images with the same one can be compared. Absent where the
   * file has none, and in other formats.
   */
  readonly frameOfReferenceUid?: string;
  readonly scale: number;
  readonly offset: number;
}

/** Labels or readers' votes on the grid of a scan, `[slices, rows, columns]`. */
export interface MaskVolume extends Geometry {
  readonly voxels: Uint8Array;
  readonly uid: string;
  /** FrameOfReferenceUID of a DICOM series, where the file has one. */
  readonly frameOfReferenceUid?: string;
}

export const identityDirection: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Converts a value (such as a threshold in HU) to the stored number in `volume.voxels`; not rounded. */
export const storedValue = (volume: Pick<Volume, 'scale' | 'offset'>, value: number): number =>
  (value - volume.offset) / volume.scale;

export const voxelCount = ([slices, rows, columns]: Shape3): number => slices * rows * columns;

/** Picks the geometry of a volume or mask, without its voxels. */
export const pickGeometry = ({ shape, spacing, origin, direction }: Geometry): Geometry => ({
  shape,
  spacing,
  origin,
  direction,
});
