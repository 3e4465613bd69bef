import { bytesField, concat, doubleField, varintField } from './protobuf.js';
import type { PluginData } from './tensorboard.js';

/*
 * Messages of TensorBoard's plugin `hparams` (api.proto and plugin_data.proto; only the field numbers used here). Each
 * run in a folder is a session. The experiment defines the columns of the table of sessions.
 */

export type HparamValue = string | number | boolean;

export interface Metric {
  tag: string;
  name: string;
  training?: boolean;
}

const plugin = (field: number, message: Uint8Array): PluginData => ({
  name: 'hparams',
  content: bytesField(field, message),
});

/**
 * Describes the columns: hyperparameters by name, with a value that determines their type, and metrics by the tags of
 * their scalars.
 * @param foremost hyperparameters whose columns come first. TensorBoard sorts the others by name and hides most of them
 * @param now seconds since 1970
 */
export function hparamsExperiment(
  hparams: Record<string, HparamValue>,
  foremost: ReadonlySet<string>,
  metrics: readonly Metric[],
  now: number,
): PluginData {
  const types = { string: 1, boolean: 2, number: 3 } as const;
  const infos = Object.entries(hparams).map(([name, value]) =>
    bytesField(
      4,
      concat(
        bytesField(1, name),
        varintField(4, types[typeof value as keyof typeof types]),
        varintField(7, Number(foremost.has(name))),
      ),
    ),
  );
  const metricInfos = metrics.map(({ tag, name, training }) =>
    bytesField(5, concat(bytesField(1, bytesField(2, tag)), bytesField(3, name), varintField(5, training ? 1 : 2))),
  );
  return plugin(2, concat(doubleField(3, now), ...infos, ...metricInfos));
}

/** Describes the start of a run: its hyperparameters and its name. `now` is in seconds since 1970. */
export function hparamsStart(hparams: Record<string, HparamValue>, name: string, now: number): PluginData {
  const entries = Object.entries(hparams).map(([key, value]) =>
    bytesField(1, concat(bytesField(1, key), bytesField(2, protobufValue(value)))),
  );
  return plugin(3, concat(...entries, bytesField(4, name), doubleField(5, now)));
}

/** Describes the end of a run. `now` is in seconds since 1970. */
export function hparamsEnd(success: boolean, now: number): PluginData {
  return plugin(4, concat(varintField(1, success ? 1 : 2), doubleField(2, now)));
}

/** Encodes a `google.protobuf.Value`. */
function protobufValue(value: HparamValue): Uint8Array {
  if (typeof value === 'number') return doubleField(2, value);
  return typeof value === 'string' ? bytesField(3, value) : varintField(4, Number(value));
}
