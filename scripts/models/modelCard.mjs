// The card of a model, from the figures of its run: no number in it is written by hand.

const two = (value) => (value === null ? '–' : value.toFixed(2));
const three = (value) => (value === null ? '–' : value.toFixed(3));
const range = (interval, show) => (interval === null ? '' : `${show(interval.low)} – ${show(interval.high)}`);
const count = (value) => value.toFixed(0);
const row = (...cells) => `| ${cells.join(' | ')} |`;

/** @param intervals whether there are patients enough for them to mean anything */
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
          ['… its false components per scan', two(figures.baseline.falsePerScan), ''],
        ]),
  ];
  return [
    row('figure', 'value', ...(intervals ? ['95 % interval'] : [])),
    row('---', '---', ...(intervals ? ['---'] : [])),
    ...rows.map(([name, value, interval]) => row(name, value, ...(intervals ? [interval] : []))),
  ].join('\n');
}

const LIDC = `Crops of LIDC-IDRI (CC BY 3.0): S. G. Armato III et al., *Data From LIDC-IDRI*, The Cancer Imaging Archive, 2015,
doi:10.7937/K9/TCIA.2015.LO9QL9SX; and: S. G. Armato III et al., *The Lung Image Database Consortium (LIDC) and Image Database Resource
Initiative (IDRI): a completed reference database of lung nodules on CT scans*, Medical Physics 38(2), 2011, doi:10.1118/1.3528204.
[CC BY 3.0](https://creativecommons.org/licenses/by/3.0/) requires that anyone who shares work
made from these data credits them.`;

const texts = {
  default: ({ patients, scans }) => ({
    title: 'default: a nodule segmenter trained on LIDC-IDRI',
    data: `${LIDC}

${scans.train} crops of ${patients.train} patients for training, ${scans.validation} of ${patients.validation} patients for validation; each is 128 × 128 pixels around one nodule, 8-bit, each slice
scaled from its own minimum and maximum, labelled where at least two of four readers marked a nodule.${
      patients.leftOut.length > 0 ? ` Excluded from both: ${patients.leftOut.join(', ')}.` : ''
    }`,
    limits: `Trained on crops with a nodule in the middle, never on lungs without one: expect many false components on whole scans. The crops are
not in HU, so the model knows nothing about density.`,
    licence:
      "The weights are under the project's MIT licence; the data's licence requires the credits above with them.",
  }),
  'phantom-hu': ({ scans, phantoms }) => ({
    title: 'phantom-hu: a nodule segmenter trained on synthetic scans in HU',
    data: `Phantoms of the level \`${phantoms.level}\`, made by the command below (\`nodule-train synth\`, seeds from ${phantoms.train.seed} on): ${scans.train} scans for training,
${scans.validation} for validation. It contains no scan of a person. [Phantoms](../../docs/guide/phantoms.md) says what they show and what they lack.`,
    limits: 'It has never seen a real lung: use it to try the tools, or as initial weights for training.',
    licence: "The weights are under the project's MIT licence.",
  }),
};

/** @param figures as figures.json has them @param description of the model file */
export function modelCard(figures, description) {
  const { name, best, point, validation, heldOut, wholeScans, config, versions } = figures;
  const { title, data, limits, licence } = texts[name](figures);
  const { input, contextSlices, network, threshold, minimumVoxels, minimumScore = 0, spacing } = description;
  const inputText =
    input.kind === 'hu-clip'
      ? `\`hu-clip\`: HU, clipped to ${input.low} … ${input.high}`
      : '`minmax-window`: 128 × 128 windows, each slice scaled from its own minimum and maximum to 0…255; scans in HU are converted to that window by window';
  const minutes = Math.round(figures.trainingSeconds / 60);
  return `# ${title}

**Research use only.** Not a medical device; nothing here has been tested for use on patients.

\`\`\`sh
npx nodule-train evaluate --data DIR --model ${name}
\`\`\`

| | |
|---|---|
| file | \`model.safetensors\`, ${figures.bytes.toLocaleString('en')} bytes: weights and metadata only |
| network | U-Net, depth ${network.depth}, ${2 ** network.wf} channels at the first level, ${figures.parameters.toLocaleString('en')} parameters |
| input transform | ${inputText} |
| context | ${contextSlices === 0 ? 'none: the slice alone (`contextSlices` 0)' : `${contextSlices} slices above and below (\`contextSlices\` ${contextSlices})`} |
| pooling | \`${network.pooling}\` |
| spacing | ${spacing} |
| threshold | ${threshold}; components of fewer than ${minimumVoxels} voxels${minimumScore > 0 ? `, or of a mean probability below ${minimumScore},` : ''} are dropped |
| trained on | the patients are listed in the file's metadata (\`trainedOn\`); \`evaluate\` warns if it scores one of them |

## Data

${data}

## Training

\`\`\`sh
${figures.command}
\`\`\`

${figures.trainCommand === null ? 'made this folder' : `made this folder from a run of \`${figures.trainCommand}\``}: ${config.epochs} epochs of ${config.samples.toLocaleString('en')} crops at most, loss \`${config.loss}\`, optimizer \`${config.optimizer}\`, learning rate ${config.learningRate}, schedule \`${config.schedule}\`, seed ${config.seed};
${minutes} minutes on ${figures.threads} ${figures.threads === 1 ? 'thread' : 'threads'} (${figures.cpuCapability}), nodule-train ${versions['nodule-train']}, libtorch ${versions.libtorch}. Epoch ${best.epoch} was kept, with a score of ${three(best.score)}.
Threshold, minimum component size and minimum mean probability were then chosen on the validation scans${config.mostMissed < 1 ? `, so that at most ${(100 * config.mostMissed).toFixed(0)} % of their nodules are missed` : ''}${point.flips ? '; the model averages over the four mirror images of a slice' : ''}. \`figures.json\` has every field of the configuration.

## Figures

[Figures](../../docs/reference/figures.md) defines each; intervals are 95 %, bootstrap over patients.

### Validation

${validation.scans} ${validation.baseline === null ? 'crops' : 'scans'} of ${validation.patients} patients. These figures are optimistic, because checkpoint and threshold were chosen on them.

${table(validation, { intervals: true })}
${
  heldOut === null
    ? ''
    : `
### Held-out phantoms

${heldOut.scans} scans on which nothing was chosen.

${table(heldOut, { intervals: true })}
`
}${
  wholeScans === null
    ? ''
    : `
### Whole real scans

${wholeScans.scans} scans of LIDC-IDRI (in LUNA16's form), ${wholeScans.trainedOn} of whose patients were in training or validation; the truth is what at least two of four readers marked. Too few for
intervals or conclusions.

${table(wholeScans, { intervals: false })}
`
}
## Limits

${limits}

## Licence

${licence}
`;
}
