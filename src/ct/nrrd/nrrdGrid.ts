import { quoted } from '../../runtime/index.js';
import { length, scale, transpose } from '../grid/matrix3.js';
import { type Geometry, identityDirection, type Matrix3, type Vector3 } from '../grid/volume.js';
import { type NrrdFields, type NrrdHeader, refuseNrrdField } from './nrrdHeader.js';

/** Signs that convert x, y, z of a space to LPS. */
const spaces = new Map<string, Vector3>([
  ['left-posterior-superior', [1, 1, 1]],
  ['lps', [1, 1, 1]],
  ['right-anterior-superior', [-1, -1, 1]],
  ['ras', [-1, -1, 1]],
  ['left-anterior-superior', [1, -1, 1]],
  ['las', [1, -1, 1]],
]);

/** Spaces of three axes that are not aligned to the patient. */
const otherSpaces = new Set(['scanner-xyz', '3d-right-handed', '3d-left-handed']);

/** Millimetres per unit, keyed by unit name; a missing unit counts as mm, as in other readers. */
const millimetres = new Map([
  ['mm', 1],
  ['millimeter', 1],
  ['millimeters', 1],
  ['cm', 10],
  ['m', 1000],
  ['um', 0.001],
  ['', 1],
  ['???', 1],
]);

type Grid = Pick<Geometry, 'spacing' | 'origin' | 'direction'> & {
  readonly directionField: string;
  readonly notes: readonly string[];
};

const unplaced =
  'the file does not say where its axes lie in the patient; assuming they go left, back and up (space ' +
  "'left-posterior-superior')";

/**
 * The position of the grid in LPS: from `space directions` and `space origin` in one of the three anatomical spaces;
 * any other space is treated as LPS, with a note. Without directions it comes from `spacings` and `axis mins`. Spacing
 * is null where neither is recorded.
 * @throws NoduleTrainError `nrrd-header`
 */
export const nrrdGrid = (path: string, given: NrrdFields, { layerAxis }: Pick<NrrdHeader, 'layerAxis'>): Grid => {
  const header = layerAxis === null ? given : withoutLayers(given, layerAxis);
  const { fields } = header;
  const space = fields.get('space')?.toLowerCase();
  const signs = space === undefined ? undefined : spaces.get(space);
  if (space !== undefined && signs === undefined && !otherSpaces.has(space))
    refuseNrrdField(path, 'space', `is ${quoted(space)}`, `one of ${[...spaces.keys(), ...otherSpaces].join(', ')}`);
  const dimension = fields.get('space dimension');
  if (dimension !== undefined && dimension !== '3')
    refuseNrrdField(path, 'space dimension', `is ${quoted(dimension)}`, '3');
  const notes = signs === undefined ? [unplaced] : [];
  const toLps = ([x, y, z]: Vector3): Vector3 => {
    const [sx, sy, sz] = signs ?? [1, 1, 1];
    // Adding 0 turns -0 into 0.
    return [x * sx + 0, y * sy + 0, z * sz + 0];
  };
  const found = vectors(path, header, 'space directions', 3);
  if (found === null) return bySpacings(path, header, notes);
  const unit = unitOf(path, header, 'space units');
  const columns = found.map(toLps) as unknown as Matrix3;
  const spacing = columns.map(length) as unknown as Vector3;
  if (!spacing.every((distance) => Number.isFinite(distance) && distance > 0))
    refuseNrrdField(
      path,
      'space directions',
      `is ${quoted(fields.get('space directions')!)}`,
      'three vectors longer than 0',
    );
  const direction = transpose(columns.map((column, axis) => scale(column, 1 / spacing[axis]!)) as unknown as Matrix3);
  const [origin = [0, 0, 0] as Vector3] = vectors(path, header, 'space origin', 1) ?? [];
  return {
    spacing: scale(spacing, unit),
    origin: scale(toLps(origin), unit),
    direction,
    directionField: 'space directions',
    notes,
  };
};

/**
 * The fields of a header of four axes as those of one of three, without the axis of layers or the fourth dimension of
 * space.
 */
const withoutLayers = ({ fields, keys }: NrrdFields, layerAxis: 0 | 3): NrrdFields => {
  const changed = new Map(fields);
  const drop = (field: string, words: RegExp): void => {
    const found = fields.get(field)?.match(words);
    if (found?.length === 4) changed.set(field, found.filter((_, axis) => axis !== layerAxis).join(' '));
  };
  drop('space directions', /none|\([^()]*\)/gi);
  for (const field of ['spacings', 'axis mins', 'axismins', 'centerings', 'centers']) drop(field, /\S+/g);
  drop('units', /"[^"]*"/g);
  const dimension = fields.get('space dimension');
  const space = fields.get('space');
  if (dimension === '4' || /-time$/i.test(space ?? '')) {
    const inSpace = (text: string): string => text.replace(/\(([^()]*),[^(),]*\)/g, '($1)');
    for (const field of ['space directions', 'space origin']) {
      const text = changed.get(field);
      if (text !== undefined) changed.set(field, inSpace(text));
    }
    if (space !== undefined) changed.set('space', space.replace(/-time$/i, ''));
    if (dimension !== undefined) {
      changed.delete('space dimension');
      // ITK drops the name of the space from files of four axes; its own is LPS.
      if (space === undefined) changed.set('space', 'left-posterior-superior');
    }
    const units = fields.get('space units')?.match(/"[^"]*"/g);
    if (units?.length === 4) changed.set('space units', units.slice(0, 3).join(' '));
  }
  return { fields: changed, keys };
};

/** Parses vectors such as `(1,0,0) (0,1,0) (0,0,1)`; null where the field is missing. */
const vectors = (path: string, { fields }: NrrdFields, field: string, count: number): Vector3[] | null => {
  const text = fields.get(field);
  if (text === undefined) return null;
  const found = [...text.matchAll(/\(([^()]*)\)/g)].map(([, inner]) =>
    inner!.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word))),
  );
  const rest = text.replace(/\([^()]*\)/g, '').trim();
  if (
    rest !== '' ||
    found.length !== count ||
    !found.every((vector) => vector.length === 3 && vector.every(Number.isFinite))
  )
    refuseNrrdField(
      path,
      field,
      `is ${quoted(text)}`,
      count === 1
        ? 'one vector such as (0,0,0)'
        : 'three vectors such as (1,0,0) (0,1,0) (0,0,1), as every axis is spatial',
    );
  return found as unknown as Vector3[];
};

/** The unit that all axes share, in mm. */
const unitOf = (path: string, { fields }: NrrdFields, field: string): number => {
  const text = fields.get(field);
  if (text === undefined) return 1;
  const factors = [...text.matchAll(/"([^"]*)"/g)].map(([, word]) => millimetres.get(word!.trim().toLowerCase()));
  const [first = 1] = factors;
  if (factors.some((factor) => factor === undefined || factor !== first))
    refuseNrrdField(path, field, `is ${quoted(text)}`, '"mm", "cm", "m" or "um", one for all axes');
  return first;
};

/** One number per axis, NaN where it is unknown; null where the field is missing. */
const perAxis = (path: string, { fields }: NrrdFields, field: string): number[] | null => {
  const text = fields.get(field);
  if (text === undefined) return null;
  const numbers = text
    .split(/\s+/)
    .map((word) => (/^nan$/i.test(word) ? Number.NaN : word === '' ? Number.POSITIVE_INFINITY : Number(word)));
  const odd = text.split(/\s+/).some((word, n) => !/^nan$/i.test(word) && !Number.isFinite(numbers[n]));
  if (numbers.length !== 3 || odd)
    refuseNrrdField(path, field, `is ${quoted(text)}`, 'three numbers, or nan for an unknown one');
  return numbers;
};

/**
 * The grid of a header without directions. `axis mins` may give the centre of the first voxel, or its border
 * (`centerings` cell).
 */
const bySpacings = (path: string, header: NrrdFields, notes: readonly string[]): Grid => {
  const unit = unitOf(path, header, 'units');
  const spacings = perAxis(path, header, 'spacings');
  if (spacings?.some((distance) => distance <= 0))
    refuseNrrdField(path, 'spacings', `is ${quoted(header.fields.get('spacings')!)}`, 'three distances above 0');
  const known = spacings?.every(Number.isFinite) === true;
  const mins = perAxis(path, header, 'axis mins') ?? perAxis(path, header, 'axismins');
  const centerings = (header.fields.get('centerings') ?? header.fields.get('centers') ?? '').toLowerCase().split(/\s+/);
  const origin = [0, 1, 2].map((axis) => {
    const min = mins?.[axis] ?? Number.NaN;
    if (Number.isNaN(min) || !known) return 0;
    return (min + (centerings[axis] === 'node' ? 0 : spacings[axis]! / 2)) * unit;
  });
  return {
    spacing: known ? scale(spacings as unknown as Vector3, unit) : null,
    origin: origin as unknown as Vector3,
    direction: identityDirection,
    directionField: 'space directions',
    notes: [...notes, ...(known ? [] : ['the file does not record its voxel spacing'])],
  };
};
