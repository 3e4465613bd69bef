import type { Geometry } from '../grid/volume.js';
import type { Values } from './elementType.js';

/** The content of an image file as it is stored: not yet checked, resampled or converted to int16. */
export interface ImageFile extends Geometry {
  /** Stored values, `[slices, rows, columns]`; voxel `k` is `values[k] * slope + intercept`. */
  readonly values: Values;
  readonly slope: number;
  readonly intercept: number;
  /** The header field that `direction` was read from, for errors. */
  readonly directionField: string;
  /**
   * Position of each slice in mm along the third axis from the first slice. Present only where slices are not evenly
   * spaced; `spacing[2]` is then their median distance.
   */
  readonly slicePositions?: readonly number[];
  /** Names of the slices' files, for errors about their positions. */
  readonly sliceNames?: readonly string[];
  /** What the file says about its values; null where it says nothing. */
  readonly intensity: 'hu' | 'arbitrary' | null;
  /**
   * True where the values are 'arbitrary' only for want of better knowledge, such as a CT without rescale tags: if they
   * look like Hounsfield units, that is reported.
   */
  readonly mayBeHu?: boolean;
  /** What was assumed to infer `intensity`; of interest only where the user does not give it. */
  readonly intensityNotes?: readonly string[];
  /** Bits of a stored value, where they are fewer than those of the type of `values`. */
  readonly bits?: number;
  /** UID of the series, or the file name without its extension. */
  readonly uid: string;
  /** SOP instance UID of each slice, where the file has them. */
  readonly sliceUids?: readonly string[];
  /** FrameOfReferenceUID of a DICOM series, where the file has one. */
  readonly frameOfReferenceUid?: string;
  /** Another position of the grid, where the file contradicts itself. */
  readonly alternative?: Pick<Geometry, 'spacing' | 'origin' | 'direction'>;
  /** True where `values` are those of the requested segment, 0 and 1. */
  readonly isSegment?: boolean;
  /** What the user should know about this file, such as skipped slices. Each is one sentence without the path. */
  readonly notes: readonly string[];
}

/** Options of a reader. */
export interface ReadRequest {
  /** UID of the series to read from a folder with several series. */
  readonly series?: string | undefined;
  /** The files of the folder to read, where they are known: the others are not opened. */
  readonly files?: readonly string[] | undefined;
  /** The transform of a NIfTI file that is used where both are given. */
  readonly niftiTransform?: 'sform' | 'qform' | undefined;
  /** Present where labels are read: which segment, or all as one, of a file that names its segments. */
  readonly labels?: { readonly segment?: string | number | undefined; readonly all?: boolean };
  /** Which of several acquisitions of the same slices: its number, 'first' or 'last'. */
  readonly acquisition?: string | undefined;
}

/** An image file format. `path` is a file; for DICOM also a folder. */
export interface ImageFormat {
  readonly name: string;
  /** In lower case, with the dot. */
  readonly extensions: readonly string[];
  readonly read: (path: string, request: ReadRequest) => Promise<ImageFile>;
  /** Null where the format cannot be written. */
  readonly write: ((path: string, image: ImageToWrite, compress: boolean) => Promise<void>) | null;
}

/** Voxel values of the types that are written. */
export type ValuesToWrite = Uint8Array | Int16Array | Float32Array | Float64Array;

/** An image to write; values are written unchanged, in the machine's byte order. */
export interface ImageToWrite extends Geometry {
  readonly values: ValuesToWrite;
  /** Absent for labels and probabilities. */
  readonly intensity?: 'hu' | 'arbitrary';
}
