import type { Geometry } from '../grid/volume.js';
import type { Values } from './elementType.js';

/** What a reader takes from a file, as it is there: not yet judged, resampled or put into int16. */
export interface ImageFile extends Geometry {
  /** [slices, rows, columns], columns running fastest; the value of a voxel is `values[k] * slope + intercept`. */
  readonly values: Values;
  readonly slope: number;
  readonly intercept: number;
  /** The field of the file that `direction` comes from, for errors. */
  readonly directionField: string;
  /**
   * Where each slice lies, in mm along the third axis from the first, where they are not evenly spaced; `spacing[2]` is
   * their median distance then.
   */
  readonly slicePositions?: readonly number[];
  /** What the file says of its values; null where it says nothing. */
  readonly intensity: 'hu' | 'arbitrary' | null;
  /** The series' UID, or the file's name without its extension. */
  readonly uid: string;
  /** SOP instance UID of each slice, where the file has them. */
  readonly sliceUids?: readonly string[];
  /** What the user should know of this file, such as slices that were left out. Each is one sentence without the path. */
  readonly notes: readonly string[];
}

/** What a reader may be asked. */
export interface ReadRequest {
  /** UID of the series wanted of a folder that holds several. */
  readonly series?: string | undefined;
}

/** A file format of images. `path` is a file, of DICOM also a folder. */
export interface ImageFormat {
  readonly name: string;
  /** In small letters, with the dot. */
  readonly extensions: readonly string[];
  readonly read: (path: string, request: ReadRequest) => Promise<ImageFile>;
  /** Null where the format is only read. */
  readonly write: ((path: string, image: ImageToWrite, compress: boolean) => Promise<void>) | null;
}

/** Values to write as they are, in the machine's order. */
export interface ImageToWrite extends Geometry {
  readonly values: Uint8Array | Int16Array | Float64Array;
  /** Absent where the values are labels. */
  readonly intensity?: 'hu' | 'arbitrary';
}
