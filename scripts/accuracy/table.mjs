// The tables of docs/results.md, from the lines that score.mjs appended: folds pooled, intervals over patients.
import { readFileSync } from 'node:fs';
import { figuresOf } from '../../dist/evaluate/figures.js';

const [path] = process.argv.slice(2);
const lines = readFileSync(path, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
// A line that was written twice counts once.
const all = [...new Map(lines.map((line) => [`${line.learner} ${line.split}`, line])).values()];
const learners = [...new Set(all.map(({ learner }) => learner))].sort();
// Learners are compared on the folds that each was scored on.
const unique = all.filter((line) =>
  learners.every((learner) => all.some((other) => other.learner === learner && other.split === line.split)),
);
const range = (interval) => (interval === null ? '' : ` (${interval.low.toFixed(3)} – ${interval.high.toFixed(3)})`);

console.log(
  `${unique.length} models: ${learners.map((name) => `${name} ${unique.filter(({ learner }) => learner === name).length}`).join(', ')}`,
);
for (const [kind, title] of [
  ['whole', 'Whole crops'],
  ['centred', 'Windows of 80 × 80, nodule in the middle'],
  ['shifted', 'Windows of 80 × 80, moved by up to 24 pixels'],
]) {
  console.log(
    `\n${title}\n\n| learner | gates | joint | Dice, mean | median | pooled | missed | left empty |\n|---|---|---|---|---|---|---|---|`,
  );
  for (const gate of ['plain', 'gated'])
    for (const learner of learners) {
      const scored = unique
        .filter((line) => line.learner === learner)
        .flatMap(({ scores }) => scores[kind])
        .map(({ uid, patient, [gate]: model }) => ({ uid, patient, model, baseline: null }));
      const f = figuresOf(scored);
      const of = f.intervals;
      const agreed = f.nodules - f.withoutAgreement;
      console.log(
        `| ${learner} | ${gate === 'gated' ? 'yes' : 'no'} | ${f.joint.toFixed(3)}${range(of.joint)} | ${f.dice3d.mean.toFixed(3)}${range(of.dice3d)} | ${f.dice3d.median.toFixed(3)} | ${f.dice3d.pooled.toFixed(3)} | ${f.missed} of ${agreed} | ${f.leftEmpty} of ${f.withoutAgreement} |`,
      );
      if (gate === 'plain' && kind === 'whole' && learner === learners[0])
        console.error(
          `${f.nodules} cases of ${f.patients} patients; joint of an empty prediction ${f.jointOfEmpty.toFixed(3)}`,
        );
    }
}
for (const { learner, split, points } of unique)
  console.log(`${learner} ${split.split('/').at(-1)}: ${JSON.stringify(points.plain)} ${JSON.stringify(points.gated)}`);
