/**
 * How a model expects its input: HU clipped to `[low, high]`, or values of a 128 × 128 window scaled slice by slice
 * from its minimum and maximum to 0…255, the form in which 8-bit crops come (intensity `arbitrary`).
 */
export type InputTransform = { kind: 'hu-clip'; low: number; high: number } | { kind: 'minmax-window' };

/** What must be known to run a saved model; together with its weights it is the whole model. */
export interface ModelDescription {
  /** Options of `nn.unet`, including `pooling`, which the weights do not show. */
  network: Record<string, unknown> & { pooling: 'max' | 'avg' };
  /** Slices above and below the labelled one; the network has `2 * contextSlices + 1` input channels. */
  contextSlices: number;
  input: InputTransform;
  /** Rows and columns must be divisible by this. */
  sizeMultiple: number;
  threshold: number;
  minimumVoxels: number;
  /** Components with a lower mean probability are dropped; absent: none. */
  minimumScore?: number;
  /** What is known about the spacing it was trained at, such as `native, not recorded`. */
  spacing?: string;
  /** Whether probabilities are averaged over the four mirror images of a slice; absent: no. */
  flips?: boolean;
  /** Patients it was trained on, or series where patients are unknown. */
  trainedOn: string[];
}
