/** UIDs of the series that train and of those that validate. */
export interface Fold {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}
