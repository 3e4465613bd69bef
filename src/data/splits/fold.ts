/** UIDs of the training series and of the validation series. */
export interface Fold {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}
