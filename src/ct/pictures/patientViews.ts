import type { Geometry, Matrix3 } from '../grid/volume.js';

/** An axis of the array: 0 for slices, 1 for rows, 2 for columns. */
export type ArrayAxis = 0 | 1 | 2;

/** A direction of a picture: the axis of the array that runs along it, and whether it runs backwards. */
export interface ViewAxis {
  axis: ArrayAxis;
  reversed: boolean;
}

/** A plane through a scan as it is shown. */
export interface PatientView {
  /** `axial`, `coronal` or `sagittal`; for a scan whose position is unknown, what the plane holds constant. */
  name: string;
  /** Axis of the array that is perpendicular to the plane. */
  fixed: ArrayAxis;
  /** From left to right. */
  across: ViewAxis;
  /** From top to bottom. */
  down: ViewAxis;
  /** Sides of the patient at the edges of the picture; null where they are unknown. */
  letters: { left: string; right: string; top: string; bottom: string } | null;
}

/** Names of the planes perpendicular to the patient's axes x, y, z. */
const PLANES = ['sagittal', 'coronal', 'axial'] as const;
/** Ends of the patient's axes: towards smaller and larger coordinates in LPS. */
const ENDS = ['RL', 'AP', 'IS'] as const;
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
/** A second letter is shown from about 20 degrees between an edge and the patient's axis. */
const SECOND_LETTER = 0.35;

/**
 * Finds how to show the three planes along the axes of a scan in radiological orientation: in axial and coronal planes
 * the patient's left is on the right, in sagittal ones anterior is on the left; anterior or superior is on top. Axes
 * are exchanged and reversed only, so an oblique scan stays oblique and its letters say so. Where the spacing is
 * unknown, the position is too: the planes are in stored order, later slices on top.
 * @returns the planes perpendicular to slices, rows and columns
 */
export function patientViews({ direction, spacing }: Geometry): [PatientView, PatientView, PatientView] {
  if (spacing === null) {
    const view = (name: string, fixed: ArrayAxis, across: ArrayAxis, down: ArrayAxis): PatientView => ({
      name,
      fixed,
      across: { axis: across, reversed: false },
      down: { axis: down, reversed: down === 0 },
      letters: null,
    });
    return [view('slice', 0, 2, 1), view('row', 1, 2, 0), view('column', 2, 1, 0)];
  }
  const towards = (axis: ArrayAxis) => direction.map((row) => row[2 - axis]!);
  const patientAxis = matchAxes(direction);
  const arrayAxis = (patient: number) => patientAxis.indexOf(patient) as ArrayAxis;
  const along = (patient: number, wantsHigh: boolean): ViewAxis => {
    const axis = arrayAxis(patient);
    return { axis, reversed: towards(axis)[patient]! > 0 !== wantsHigh };
  };
  const view = (fixed: ArrayAxis): PatientView => {
    const plane = patientAxis[fixed]!;
    const across = along(plane === 0 ? 1 : 0, true);
    const down = plane === 2 ? along(1, true) : along(2, false);
    const ends = (axis: ViewAxis) => [1, -1].map((sign) => letters(towards(axis.axis), axis.reversed ? -sign : sign));
    const [right, left] = ends(across) as [string, string];
    const [bottom, top] = ends(down) as [string, string];
    return { name: PLANES[plane]!, fixed, across, down, letters: { left, right, top, bottom } };
  };
  return [view(0), view(1), view(2)];
}

/** Assigns a patient axis (0 to 2) to each axis of the array so that they agree best. */
function matchAxes(direction: Matrix3): readonly number[] {
  const agreement = (order: readonly number[]) =>
    order.reduce((sum, patient, axis) => sum + Math.abs(direction[patient]![2 - axis]!), 0);
  // The usual order is the last one; it wins where others agree equally well.
  return ORDERS.reduceRight<readonly number[]>(
    (best, order) => (agreement(order) > agreement(best) + 1e-9 ? order : best),
    ORDERS[5],
  );
}

/** Sides of the patient that a vector points to, the nearest first. */
function letters(vector: readonly number[], sign: number): string {
  const parts = vector.map((value, patient) => ({
    size: Math.abs(value),
    end: ENDS[patient]![value * sign > 0 ? 1 : 0]!,
  }));
  const [first, second] = parts.sort((a, b) => b.size - a.size);
  return second!.size > SECOND_LETTER ? first!.end + second!.end : first!.end;
}
