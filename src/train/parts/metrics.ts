/** Sums over samples and their pixels, as the step's device tensor counts them; `positive` samples have labelled pixels. */
export interface Counts {
  samples: number;
  positiveSamples: number;
  loss: number;
  positiveLoss: number;
  truePositives: number;
  falseNegatives: number;
  falsePositives: number;
  /** Pixels of all samples. */
  pixels: number;
}

/** Figures per pixel. Null where the denominator is 0. */
export interface PixelMetrics {
  /** Mean loss over all samples, over those with and over those without labelled pixels. */
  loss: { all: number | null; positive: number | null; negative: number | null };
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** Share of all pixels that were predicted: 0 where nothing is painted, 1 where everything is. */
  painted: number | null;
  /** In per cent of the labelled pixels, as the book prints them; `falsePositive` may pass 100. */
  percent: { truePositive: number | null; falseNegative: number | null; falsePositive: number | null };
}

/** The whole may be negative: false positives are with the book's fault `bitwiseNot`. */
const ratio = (part: number, whole: number) => (whole !== 0 ? part / whole : null);

/** Counts to figures. Precision without any prediction and recall without any label are null, F1 is 2TP / (2TP + FP + FN). */
export function pixelMetrics(counts: Counts): PixelMetrics {
  const { samples, positiveSamples, loss, positiveLoss, truePositives, falseNegatives, falsePositives, pixels } =
    counts;
  const labelled = truePositives + falseNegatives;
  const percent = (part: number) => {
    const share = ratio(part, labelled);
    return share === null ? null : 100 * share;
  };
  return {
    loss: {
      all: ratio(loss, samples),
      positive: ratio(positiveLoss, positiveSamples),
      negative: ratio(loss - positiveLoss, samples - positiveSamples),
    },
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, labelled),
    painted: ratio(truePositives + falsePositives, pixels),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    percent: {
      truePositive: percent(truePositives),
      falseNegative: percent(falseNegatives),
      falsePositive: percent(falsePositives),
    },
  };
}
