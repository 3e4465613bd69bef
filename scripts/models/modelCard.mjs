// Model card, generated from the figures of the run: no number in it is written by hand.

const two = (value) => (value === null ? '–' : value.toFixed(2));
const three = (value) => (value === null ? '–' : value.toFixed(3));
const range = (interval, show) => (interval === null ? '' : `${show(interval.low)} – ${show(interval.high)}`);
const count = (value) => value.toFixed(0);
const row = (...cells) => `| ${cells.join(' | ')} |`;

/** Table of an evaluation's figures. @param intervals whether there are enough patients for meaningful intervals */
function table(figures, { intervals }) {
  const agreed = figures.nodules - figures.withoutAgreement;
  const of = figures.intervals;
  const rows = [
    ['found', `${figures.found} of ${agreed}`, range(of.sensitivity, two)],
    ['missed (Dice 0)', `${figures.missed} of ${agreed}`, range(of.missed, count)],
    ['false components per scan', two(figures.falsePerScan), range(of.falsePerScan, two)],
    ['3D Dice, mean', three(figures.dice3d.mean), range(of.dice3d, three)],
    ['3D Dice, median', three(figures.dice3d.median), range(of.dice3dMedian, three)],
    ['3D Dice, pooled', three(figures.dice3d.pooled), range(of.dice3dPooled, three)],
    ...(figures.withoutAgreement === 0
      ? []
      : [
          [
            'without agreement, left empty',
            `${figures.leftEmpty} of ${figures.withoutAgreement}`,
            range(of.leftEmpty, count),
          ],
          ['joint', three(figures.joint), range(of.joint, three)],
          ['joint of an empty prediction', three(figures.jointOfEmpty), range(of.jointOfEmpty, three)],
        ]),
    ...(figures.baseline === null
      ? []
      : [
          ['a threshold rule without learning: found', `${figures.baseline.found} of ${agreed}`, ''],
          ['… false components per scan of that rule', two(figures.baseline.falsePerScan), ''],
        ]),
  ];
  return [
    row('figure', 'value', ...(intervals ? ['95 % interval'] : [])),
    row('---', '---', ...(intervals ? ['---'] : [])),
    ...rows.map(([name, value, interval]) => row(name, value, ...(intervals ? [interval] : []))),
  ].join('\n');
}

/** Joins the lines of a paragraph and breaks it into lines of at most 120 columns. */
function paragraph(text) {
  const lines = [''];
  for (const word of text.trim().split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= 120) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}

const LIDC = `Crops of LIDC-IDRI (CC BY 3.0): S. G. Armato III et al., *Data From LIDC-IDRI*, The Cancer Imaging
  Archive, 2015, doi:10.7937/K9/TCIA.2015.LO9QL9SX; and: S. G. Armato III et al., *The Lung Image Database Consortium
  (LIDC) and Image Database Resource Initiative (IDRI): a completed reference database of lung nodules on CT scans*,
  Medical Physics 38(2), 2011, doi:10.1118/1.3528204. [CC BY 3.0](https://creativecommons.org/licenses/by/3.0/)
  requires this attribution from anyone who distributes work derived from the data.`;

/** Texts of each bundled model; `data` is a list of paragraphs. */
const texts = {
  default: ({ patients, scans }) => ({
    title: 'default: a nodule segmenter trained on LIDC-IDRI',
    data: [
      LIDC,
      `Training used ${scans.train} crops of ${patients.train} patients, validation ${scans.validation} crops of
      ${patients.validation} patients. Each crop is 128 × 128 pixels around one nodule, 8-bit, each slice scaled from
      its own minimum and maximum, with the voxels labelled that at least two of four readers marked.
      ${patients.leftOut.length > 0 ? `Excluded from both: ${patients.leftOut.join(', ')}.` : ''}`,
    ],
    limits: `The model was trained on crops centred on a nodule, never on lungs without one: expect many false
      components on whole scans. The crops have lost their HU values, so the model cannot use density.`,
    licence: "The weights are under the project's MIT licence. The data's licence requires the attribution above.",
  }),
  'phantom-hu': ({ scans, phantoms }) => ({
    title: 'phantom-hu: a nodule segmenter trained on synthetic scans in HU',
    data: [
      `Phantoms of level \`${phantoms.level}\` that the command below creates (\`nodule-train synth\`, seeds from
      ${phantoms.train.seed}): ${scans.train} scans for training, ${scans.validation} for validation. No scan of a
      person is among them. [Phantoms](../../docs/phantoms.md) describes what they show and what they do not.`,
    ],
    limits: `The model has never seen a real lung. Use it to try the tools, and as a starting point for training.`,
    licence: "The weights are under the project's MIT licence.",
  }),
};

const inputText = (input) =>
  input.kind === 'hu-clip'
    ? `\`hu-clip\`: HU, clipped to ${input.low} … ${input.high}`
    : '`minmax-window`: 128 × 128 windows, each slice scaled from its own minimum and maximum to 0…255; ' +
      'scans in HU are scaled window by window';

const contextText = (slices) =>
  slices === 0
    ? 'none: the slice alone (`contextSlices` 0)'
    : `${slices} slices above and below (\`contextSlices\` ${slices})`;

const thresholdText = ({ threshold, minimumVoxels, minimumScore = 0 }) => {
  const alternative = minimumScore > 0 ? `, or with a mean probability below ${minimumScore},` : '';
  return `${threshold}; components of fewer than ${minimumVoxels} voxels${alternative} are dropped`;
};

/** Describes how the model was trained and its operating point chosen. */
function trainingText({ trainCommand, config, trainingSeconds, threads, cpuCapability, versions, best, point }) {
  const source = trainCommand === null ? '' : ` from a run of \`${trainCommand}\``;
  const missed = `, so that at most ${(100 * config.mostMissed).toFixed(0)} % of their nodules are missed`;
  const sentences = [
    `The command created this folder${source}.`,
    `Training: at most ${config.epochs} epochs of ${config.samples.toLocaleString('en')} crops,`,
    `loss \`${config.loss}\`, optimizer \`${config.optimizer}\`, learning rate ${config.learningRate},`,
    `schedule \`${config.schedule}\`, seed ${config.seed};`,
    `${Math.round(trainingSeconds / 60)} minutes on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    `(${cpuCapability}), nodule-train ${versions['nodule-train']}, libtorch ${versions.libtorch}.`,
    `Epoch ${best.epoch} was kept for its score of ${three(best.score)}.`,
    `Threshold, minimum size and minimum mean probability were then chosen on the validation scans${
      config.mostMissed < 1 ? missed : ''
    }.`,
    ...(point.flips ? ['The model averages over the four mirror images of a slice.'] : []),
    '`figures.json` has every field of the configuration.',
  ];
  return paragraph(sentences.join(' '));
}

/** @param figures content of figures.json @param description metadata of the model file */
export function modelCard(figures, description) {
  const { name, validation, heldOut, wholeScans } = figures;
  const { title, data, limits, licence } = texts[name](figures);
  const { input, contextSlices, network, spacing } = description;
  const parameters = figures.parameters.toLocaleString('en');
  const unit = validation.baseline === null ? 'crops' : 'scans';
  return `# ${title}

**Research use only.** Not a medical device; not tested for use on patients.

\`\`\`sh
npx nodule-train evaluate --data DIR --model ${name}
\`\`\`

| | |
|---|---|
| file | \`model.safetensors\`, ${figures.bytes.toLocaleString('en')} bytes: weights and metadata only |
| network | U-Net, depth ${network.depth}, ${2 ** network.wf} channels at the first level, ${parameters} parameters |
| input transform | ${inputText(input)} |
| context | ${contextText(contextSlices)} |
| pooling | \`${network.pooling}\` |
| spacing | ${spacing} |
| threshold | ${thresholdText(description)} |
| trained on | the file's metadata lists the patients (\`trainedOn\`); \`evaluate\` warns when it meets one of them |

## Data

${data.map(paragraph).join('\n\n')}

## Training

\`\`\`sh
${figures.command}
\`\`\`

${trainingText(figures)}

## Figures

[Evaluation](../../docs/evaluate.md) defines each figure. Intervals are 95 %, over patients.

### On the validation scans

${paragraph(`${validation.scans} ${unit} of ${validation.patients} patients. Checkpoint and threshold were chosen on them, so
these figures are optimistic.`)}

${table(validation, { intervals: true })}
${
  heldOut === null
    ? ''
    : `
### On held-out phantoms

${heldOut.scans} scans on which nothing was chosen.

${table(heldOut, { intervals: true })}
`
}${
  wholeScans === null
    ? ''
    : `
### On whole slices of real scans

${paragraph(`${wholeScans.scans} scans of LIDC-IDRI in LUNA16's format; ${wholeScans.trainedOn} of their patients were
used in training or validation. The truth is what at least two of four readers marked. Too few scans for intervals, or
for more than an impression.`)}

${table(wholeScans, { intervals: false })}
`
}
## Limits

${paragraph(limits)}

## Licence

${licence}
`;
}
