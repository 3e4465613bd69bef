import { inspect, types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Slot } from '../native.js';
import { native } from '../native.js';
import { entriesOf, type StateDict } from '../nn/stateDict.js';
import { shown } from '../shown.js';
import { tensor } from '../tensor/create.js';
import { fromSlot, isTensor, slotOf, type Tensor } from '../tensor/tensor.js';

interface NativeOptimizer {
  step(foundInf: Slot | null, lr: Slot | null): void;
  zeroGrad(): void;
  set(settings: Record<string, number | boolean>): void;
  stateOf(index: number): [string, Slot][];
  loadStates(names: string[][], slots: Slot[][]): void;
  dispose(): void;
}

declare module '../native.js' {
  interface Native {
    readonly FusedOptimizer: new (
      rule: string,
      parameters: Slot[],
      settings: Record<string, number | boolean>,
    ) => NativeOptimizer;
  }
}

export type Rule = 'adam' | 'adamW' | 'sgd';
export type Settings = { lr: number } & Record<string, number | boolean>;

/** Python's `optimizer.state_dict()`, as `loadPt` returns it. */
export type PythonOptimizerState = ReadonlyMap<string, unknown>;

// Python's names of the settings, in a param_group.
const pythonNames: Record<string, string> = {
  lr: 'lr',
  eps: 'eps',
  weightDecay: 'weight_decay',
  momentum: 'momentum',
  dampening: 'dampening',
  amsgrad: 'amsgrad',
  nesterov: 'nesterov',
  maximize: 'maximize',
};

const attempt = <T>(run: () => T): T => {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof NoduleTrainError) throw cause;
    throw new NoduleTrainError('optimizer', (cause as Error).message, { cause });
  }
};

/** An optimizer on libtorch's fused operators. Its state is interchangeable with Python's. */
export class Optimizer {
  readonly rule: Rule;
  readonly parameters: readonly Tensor[];
  readonly #native: NativeOptimizer;
  readonly #settings: Settings;

  constructor(rule: Rule, parameters: Iterable<Tensor>, settings: Settings) {
    this.rule = rule;
    if (typeof parameters?.[Symbol.iterator] !== 'function')
      throw new NoduleTrainError(
        'optimizer',
        `optim.${rule}: found ${shown(parameters)}, expected module.parameters()`,
      );
    this.parameters = [...parameters];
    const wrong = this.parameters.findIndex((parameter) => !isTensor(parameter));
    if (wrong >= 0 || this.parameters.length === 0)
      throw new NoduleTrainError(
        'optimizer',
        `optim.${rule}: ${wrong >= 0 ? `parameter ${wrong} is not a Tensor` : 'there are no parameters'}, ` +
          'expected Tensors. Pass module.parameters().',
      );
    this.#settings = settings;
    this.#native = attempt(() => new (native().FusedOptimizer)(rule, this.parameters.map(slotOf), settings));
  }

  get lr(): number {
    return this.#settings.lr;
  }
  set lr(value: number) {
    if (!(Number.isFinite(value) && value >= 0))
      throw new NoduleTrainError(
        'optimizer',
        `optim.${this.rule}: lr is ${shown(value)}, expected a finite number of at least 0`,
      );
    this.#settings.lr = value;
    this.#native.set({ lr: value });
  }

  get settings(): Readonly<Settings> {
    return { ...this.#settings };
  }

  /**
   * Steps all parameters that have a gradient.
   * @param foundInf one float32 element; the step is skipped if it is not 0
   * @param lr one float32 element, read on the device in place of the setting, for a captured CUDA graph
   * @throws NoduleTrainError `optimizer`
   */
  step(foundInf?: Tensor, lr?: Tensor): void {
    const slot = (tensor?: Tensor) => (tensor === undefined ? null : slotOf(tensor));
    attempt(() => this.#native.step(slot(foundInf), slot(lr)));
  }

  /** Sets the gradients to null. */
  zeroGrad(): void {
    attempt(() => this.#native.zeroGrad());
  }

  /**
   * Returns the optimizer's own tensors (not copies) as `state.<parameter>.<name>`, with Python's names, and the
   * settings as float64 tensors `param_groups.0.<name>`, for `saveTensors`.
   */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    this.parameters.forEach((_, index) => {
      for (const [name, slot] of this.#native.stateOf(index)) state.set(`state.${index}.${name}`, fromSlot(slot));
    });
    for (const [name, value] of Object.entries(this.#pythonSettings()))
      state.set(`param_groups.0.${name}`, tensor(Array.isArray(value) ? value : Number(value), { dtype: 'float64' }));
    return state;
  }

  /** Returns the same in the form of Python's `optimizer.state_dict()`, for `savePt`. */
  pythonStateDict(): Map<string, unknown> {
    const state = new Map<number, Map<string, Tensor>>();
    this.parameters.forEach((_, index) => {
      const own = this.#native.stateOf(index).map(([name, slot]) => [name, fromSlot(slot)] as const);
      if (own.length > 0) state.set(index, new Map(own));
    });
    const group = new Map<string, unknown>(Object.entries(this.#pythonSettings()));
    group.set('params', [...this.parameters.keys()]);
    return new Map<string, unknown>([
      ['state', state],
      ['param_groups', [group]],
    ]);
  }

  #pythonSettings(): Record<string, number | boolean | number[]> {
    const { beta1, beta2, ...rest } = this.#settings;
    const named: Record<string, number | boolean | number[]> = {};
    for (const [name, value] of Object.entries(rest)) named[pythonNames[name]!] = value;
    if (beta1 !== undefined) named.betas = [beta1 as number, beta2 as number];
    return named;
  }

  /**
   * Loads the result of `stateDict()`, or Python's nested form with one param_group (as `loadPt` reads it). Values are
   * copied into tensors with the parameters' strides. The learning rate and the other settings are loaded too. Nothing
   * is changed unless everything fits.
   * @throws NoduleTrainError `optimizer` if it belongs to other parameters, or has NaN, which would make them NaN
   */
  loadStateDict(state: StateDict | PythonOptimizerState): void {
    const nested = types.isMap(state) && state.get('param_groups') !== undefined;
    const { perParameter, settings } = nested
      ? this.#fromPython(state as PythonOptimizerState)
      : this.#fromFlat(entriesOf(state as StateDict));
    const outside = [...perParameter.keys()].find((index) => !(index >= 0 && index < this.parameters.length));
    if (outside !== undefined)
      throw new NoduleTrainError(
        'optimizer',
        `optim.${this.rule}: the state has a parameter ${outside}, this optimizer has ${this.parameters.length}`,
      );
    if (perParameter.size === 0 && Object.keys(settings).length === 0)
      throw new NoduleTrainError(
        'optimizer',
        `optim.${this.rule}: the state is empty, expected the result of stateDict()`,
      );
    const states = this.parameters.map((_, index) => [...(perParameter.get(index) ?? [])]);
    attempt(() =>
      this.#native.loadStates(
        states.map((own) => own.map(([name]) => name)),
        states.map((own) => own.map(([, value]) => slotOf(value))),
      ),
    );
    Object.assign(this.#settings, settings);
    this.#native.set(this.#settings);
  }

  #fromFlat(entries: Map<string, Tensor>) {
    const perParameter = new Map<number, Map<string, Tensor>>();
    const group = new Map<string, unknown>();
    for (const [key, value] of entries) {
      const [, index, name] = /^state\.(\d+)\.(\w+)$/.exec(key) ?? [];
      const setting = /^param_groups\.0\.(\w+)$/.exec(key)?.[1];
      if (setting !== undefined) group.set(setting, value.toArray());
      else if (name !== undefined) {
        const own = perParameter.get(Number(index)) ?? new Map<string, Tensor>();
        perParameter.set(Number(index), own.set(name, value));
      } else
        throw new NoduleTrainError(
          'optimizer',
          `optim.${this.rule}: found the key ${key}, expected state.<parameter>.<name> or param_groups.0.<name>`,
        );
    }
    return { perParameter, settings: this.#settingsFrom(group) };
  }

  #fromPython(state: PythonOptimizerState) {
    const groups = state.get('param_groups');
    const states = state.get('state');
    const group = Array.isArray(groups) && groups.length === 1 ? groups[0] : undefined;
    if (!types.isMap(group) || !types.isMap(states))
      throw new NoduleTrainError(
        'optimizer',
        `optim.${this.rule}: the state has ${Array.isArray(groups) ? groups.length : 'no'} param_groups, expected one`,
      );
    const ids = group.get('params');
    if (!Array.isArray(ids) || ids.length !== this.parameters.length)
      throw new NoduleTrainError(
        'optimizer',
        `optim.${this.rule}: the state is for ${Array.isArray(ids) ? ids.length : 'an unknown number of'} parameters, ` +
          `this optimizer has ${this.parameters.length}`,
      );
    const perParameter = new Map<number, Map<string, Tensor>>();
    // Old files name parameters by their address in memory; only the order of `params` counts.
    ids.forEach((id, index) => {
      const own = states.get(id);
      if (!types.isMap(own)) return;
      const tensors = new Map<string, Tensor>();
      for (const [name, value] of own as Map<string, unknown>) {
        if (isTensor(value)) tensors.set(name, value);
        else if (typeof value === 'number') tensors.set(name, tensor(value));
        else if (value !== null)
          throw new NoduleTrainError(
            'optimizer',
            `optim.${this.rule}: state ${name} of parameter ${index} is a ${typeof value}, ` +
              'expected a Tensor or a number',
          );
      }
      perParameter.set(index, tensors);
    });
    return { perParameter, settings: this.#settingsFrom(group as ReadonlyMap<string, unknown>) };
  }

  #settingsFrom(group: ReadonlyMap<string, unknown>): Partial<Settings> {
    const settings: Record<string, number | boolean> = {};
    for (const [name, known] of Object.entries(this.#settings)) {
      const betas = group.get('betas');
      const found =
        name === 'beta1' || name === 'beta2'
          ? Array.isArray(betas)
            ? betas[name === 'beta1' ? 0 : 1]
            : undefined
          : group.get(pythonNames[name]!);
      if (found === undefined) continue;
      if (typeof found !== 'number' && typeof found !== 'boolean')
        throw new NoduleTrainError(
          'optimizer',
          `optim.${this.rule}: the setting ${name} of the state is a ${typeof found}, expected a number or a boolean`,
        );
      const isBeta = name === 'beta1' || name === 'beta2';
      if (!(Number(found) >= 0 && Number(found) < (isBeta ? 1 : Number.POSITIVE_INFINITY)))
        throw new NoduleTrainError(
          'optimizer',
          `optim.${this.rule}: the setting ${name} of the state is ${String(found)}, expected a finite number of at ` +
            `least 0${isBeta ? ' and below 1' : ''}. The file is damaged, or the training that wrote it had failed.`,
        );
      settings[name] = typeof known === 'boolean' ? Boolean(found) : Number(found);
    }
    return settings as Partial<Settings>;
  }

  /** As Python prints an optimizer, with the numbers of parameters and of their elements. */
  [inspect.custom](): string {
    const { rule, parameters } = this;
    const elements = parameters.reduce((sum, parameter) => sum + (parameter.isDisposed ? 0 : parameter.numel), 0);
    const lines = Object.entries(this.#settings).map(([name, value]) => `    ${name}: ${String(value)}`);
    return `${rule} (\n${lines.join('\n')}\n    parameters: ${parameters.length}, ${elements} elements\n)`;
  }

  /** Frees the state. The parameters stay. */
  dispose(): void {
    this.#native.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
