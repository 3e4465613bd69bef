// Prints the tables of docs/records/results.md from the lines that score.mjs appended: folds pooled, seeds averaged,
// intervals over patients.
//   node scripts/figures/accuracy/table.mjs results.jsonl [--learners ours,peer-whole] [--against ours]
// With --against, also the lead of that learner over each other one, resampled over the same patients.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { computeFigures } from '../../../dist/evaluate/figures.js';
import { bootstrapIntervals, noduleScores } from '../../../dist/score/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { learners: { type: 'string' }, against: { type: 'string' } },
});
const read = readFileSync(positionals[0], 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(({ learner }) => values.learners === undefined || values.learners.split(',').includes(learner));
// A repeated line counts once.
const all = [...new Map(read.map((line) => [`${line.learner} ${line.split} ${line.seed}`, line])).values()];
const learners = [...new Set(all.map(({ learner }) => learner))].sort();
const splits = [...new Set(all.map(({ split }) => split))].sort();
const linesOf = (learner, split) => all.filter((line) => line.learner === learner && line.split === split);
// Learners are compared on the folds that all of them were scored on. A learner's folds have equal weight: only seeds
// that were scored on every one of them count.
const compared = splits.filter((split) => learners.every((learner) => linesOf(learner, split).length > 0));
const seedsOf = (learner) =>
  [...new Set(linesOf(learner, compared[0]).map(({ seed }) => seed))]
    .filter((seed) => compared.every((split) => linesOf(learner, split).some((line) => line.seed === seed)))
    .sort((a, b) => a - b);
const seeds = new Map(learners.map((learner) => [learner, seedsOf(learner)]));

/**
 * Cases as input of `computeFigures`. With several seeds each case appears once per seed: their mean is the mean of the
 * seeds' means.
 */
const scored = (learner, kind, gate, counted = seeds.get(learner)) =>
  compared.flatMap((split) =>
    linesOf(learner, split)
      .filter(({ seed }) => counted.includes(seed))
      .flatMap(({ scores }) => scores[kind])
      .map(({ uid, patient, [gate]: model }) => ({ uid, patient, model, baseline: null })),
  );
const three = (value) => value.toFixed(3);
const range = (interval) => (interval === null ? '' : ` (${three(interval.low)} – ${three(interval.high)})`);
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const GATES = [
  ['plain', 'no'],
  ['gated', 'yes'],
];

console.log(`Folds ${compared.map((split) => basename(split, '.json')).join(', ')}.`);
for (const [kind, title] of [
  ['whole', 'Whole crops'],
  ['centred', 'Windows of 80 × 80, nodule in the centre'],
  ['shifted', 'Windows of 80 × 80, shifted by up to 24 pixels'],
]) {
  console.log(`\n### ${title}\n`);
  row('learner', 'seeds', 'gates', 'joint', 'Dice, mean', 'median', 'pooled', 'missed', 'left empty', 'joint per seed');
  row(...Array.from({ length: 10 }, () => '---'));
  for (const [gate, word] of GATES)
    for (const learner of learners) {
      const f = computeFigures(scored(learner, kind, gate));
      const many = seeds.get(learner).length;
      const each = seeds
        .get(learner)
        .map((seed) => three(computeFigures(scored(learner, kind, gate, [seed]), { resamples: 1 }).joint));
      const share = (part, whole) => `${(part / many).toFixed(many === 1 ? 0 : 1)} of ${whole / many}`;
      row(
        learner,
        many,
        word,
        three(f.joint) + range(f.intervals.joint),
        three(f.dice3d.mean) + range(f.intervals.dice3d),
        three(f.dice3d.median),
        three(f.dice3d.pooled),
        share(f.missed, f.nodules - f.withoutAgreement),
        share(f.leftEmpty, f.withoutAgreement),
        each.join(', '),
      );
      if (gate === 'plain' && kind === 'whole' && learner === learners[0])
        console.error(
          `${f.nodules / many} cases of ${f.patients} patients; joint of an empty prediction ${three(f.jointOfEmpty)}`,
        );
    }
  if (values.against === undefined) continue;
  console.log(`\n${values.against} minus the other learner, over the same patients:\n`);
  row('other', 'gates', 'joint', 'Dice, mean', 'missed');
  row(...Array.from({ length: 5 }, () => '---'));
  for (const [gate, word] of GATES)
    for (const other of learners) if (other !== values.against) ahead(other, kind, gate, word);
}
for (const { learner, split, seed, points } of all) {
  const [plain, gated] = [points.plain, points.gated].map((point) => JSON.stringify(point));
  console.error(`${learner} ${basename(split, '.json')} seed ${seed}: ${plain} ${gated}`);
}

function ahead(other, kind, gate, word) {
  const patients = new Map();
  [values.against, other].forEach((learner, side) => {
    for (const { patient, model } of scored(learner, kind, gate)) {
      if (!patients.has(patient)) patients.set(patient, [[], []]);
      patients.get(patient)[side].push(model);
    }
  });
  const many = [values.against, other].map((learner) => seeds.get(learner).length);
  const differences = (drawn) => {
    const [mine, its] = [0, 1].map((side) => noduleScores(drawn.flatMap((patient) => patient[side])));
    return {
      joint: mine.joint - its.joint,
      dice: mine.dice3d - its.dice3d,
      missed: mine.missed / many[0] - its.missed / many[1],
    };
  };
  const found = differences([...patients.values()]);
  const intervals = bootstrapIntervals([...patients.values()], differences, { seed: 1, resamples: 2000 });
  row(
    other,
    word,
    three(found.joint) + range(intervals.joint),
    three(found.dice) + range(intervals.dice),
    `${found.missed.toFixed(1)} (${intervals.missed.low.toFixed(1)} – ${intervals.missed.high.toFixed(1)})`,
  );
}
