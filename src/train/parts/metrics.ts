/** Sums over samples and their pixels. A `positive` sample has labelled pixels. */
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

/** Figures over pixels. A figure is null if its denominator is 0. */
export interface PixelMetrics {
  /** Mean loss of all samples, of those with labelled pixels, and of those without. */
  loss: { all: number | null; positive: number | null; negative: number | null };
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** Predicted share of all pixels: 0 if none is predicted as nodule, 1 if all are. */
  painted: number | null;
  /** In per cent of the labelled pixels, as the book prints them. `falsePositive` can exceed 100. */
  percent: { truePositive: number | null; falseNegative: number | null; falsePositive: number | null };
}

/** `whole` can be negative: false positives are, with the book's fault `bitwiseNot`. */
const ratio = (part: number, whole: number) => (whole !== 0 ? part / whole : null);

/** Computes the figures. F1 is 2TP / (2TP + FP + FN). */
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
