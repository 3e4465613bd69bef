// Types of Module, Sequential and the containers. Compiled, never run (test/native/torch/bridge.test.ts).
import { functional, nn, type Tensor } from '../../dist/torch/index.js';

declare const image: Tensor;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(): T | undefined => undefined;

// A plain Module takes and gives a Tensor, also where only the base class is known.
class Block extends nn.Module {
  readonly conv = nn.conv2d(1, 8, 3, { padding: undefined, stride: [1, 2] });
  readonly rest = nn.moduleList([nn.relu(), nn.conv2d(8, 8, 1)]);
  forward(input: Tensor): Tensor {
    let x = this.conv.forward(input);
    for (const layer of this.rest) x = layer.forward(x);
    return x;
  }
}
const layers: nn.Module[] = [new Block(), nn.relu(), nn.unet()];
const result = layers.reduce((x, layer) => layer.forward(x), image);
is<Same<typeof result, Tensor>>();
is<Same<ReturnType<Block['forwardAsync']>, Promise<Tensor>>>();
// @ts-expect-error: a number is not a Tensor
new Block().forward(3);
// @ts-expect-error: an argument is missing
new Block().forward();

// Several arguments and other results are named by the type parameters.
class Pair extends nn.Module<[left: Tensor, right: Tensor, scale?: number], { mean: Tensor; both: [Tensor, Tensor] }> {
  forward(left: Tensor, right: Tensor, scale = 1) {
    return { mean: left.add(right).mul(scale), both: [left, right] as [Tensor, Tensor] };
  }
}
is<Same<ReturnType<Pair['forward']>['both'], [Tensor, Tensor]>>();
new Pair().forward(image, image);
const later: Promise<{ mean: Tensor; both: [Tensor, Tensor] }> = new Pair().forwardAsync(image, image, 2);
void later;
// @ts-expect-error: the second argument is missing
void new Pair().forwardAsync(image);
class Wrong extends nn.Module {
  // @ts-expect-error: the default is a Tensor for a Tensor
  forward(input: number): string {
    return String(input);
  }
}
void Wrong;

// sequential takes the argument of its first module and gives the result of its last.
class Encode extends nn.Module<string, Tensor> {
  forward(text: string): Tensor {
    return image.mul(text.length);
  }
}
class Decode extends nn.Module<Tensor, string[]> {
  forward(input: Tensor): string[] {
    return [String(input)];
  }
}
const pipeline = nn.sequential(new Encode(), nn.linear(2, 2), new Decode());
const words: string[] = pipeline.forward('text');
const laterWords: Promise<string[]> = pipeline.forwardAsync('text');
void [words, laterWords];
// @ts-expect-error: the first module takes a string
pipeline.forward(image);
const deep: Tensor = nn.sequential(nn.sequential(nn.relu()), ...layers).forward(image);
const made: Tensor = nn.sequential(...layers).forward(image);
const none: Tensor = nn.sequential().forward(image);
void [deep, made, none];
const asModule: nn.Module = nn.sequential(nn.relu());
const anyModules: nn.AnyModule[] = [new Pair(), pipeline, asModule, nn.moduleList(), nn.moduleDict({})];
for (const module of anyModules) module.parameters();
for (const module of asModule.modules()) if (module instanceof nn.Sequential) void module.length;

// A moduleDict knows its names and their modules.
const dict = nn.moduleDict({ encode: new Encode(), act: nn.relu() });
dict.get('encode').forward('text');
// @ts-expect-error: there is no such module
dict.get('decode');
const byName: nn.ModuleDict<{ readonly [name: string]: nn.Module }> = nn.moduleDict<nn.Module>(
  new Map([['a', nn.relu()]]),
);
const scales: nn.ParameterDict<'x' | 'y'> = nn.parameterDict({ x: image, y: image });
void [byName.get('a').forward(image), scales.get('x').shape];

const attended: [Tensor, Tensor | null] = nn.multiheadAttention(4, 2).forward(image, image, image, { attnMask: null });
void attended;
const { missingKeys, unexpectedKeys }: { missingKeys: string[]; unexpectedKeys: string[] } = asModule.loadStateDict(
  {},
  { strict: false, assign: undefined },
);
void [missingKeys, unexpectedKeys];

// functional: strings of fixed choices, options that may be undefined, results by option.
const [values, indices] = functional.maxPool2d(image, 2, { returnIndices: true });
const pooled: Tensor = functional.maxPool2d(image, [2, 2], { stride: undefined });
void [values.shape, indices.shape, pooled];
functional.interpolate(image, { scaleFactor: 2, mode: 'bicubic', alignCorners: undefined });
// @ts-expect-error: no such mode
functional.interpolate(image, { size: 2, mode: 'cubic' });
// @ts-expect-error: three sizes for two axes
functional.conv2d(image, image, null, { stride: [1, 2, 3] });
// @ts-expect-error: options in the place of the bias
functional.conv2d(image, image, { stride: 2 });
// @ts-expect-error: a reduction by number
functional.crossEntropy(image, image, { reduction: 1 });

// A hook knows the types of its module.
nn.linear(2, 2).registerForwardHook((module, [input], output) => {
  void [module.weight, input.shape, output.shape];
});
nn.linear(2, 2).registerForwardHook((_, __, output) => output.mul(2));
// @ts-expect-error: the output is a Tensor
nn.linear(2, 2).registerForwardHook(() => 3);
new Pair().registerForwardHook((_, [left, right], { mean }) => ({ mean, both: [left, right] as [Tensor, Tensor] }));

// A module of a sequence keeps its type.
const sequence = nn.sequential(nn.linear(2, 2), nn.relu());
void [sequence.at(0).weight, sequence.at(1).forward(image), sequence.at(-1)?.forward(image)];
// @ts-expect-error: there may be none
sequence.at(2).forward(image);
for (const part of sequence) part.forward(image);
const plain: nn.Sequential = sequence;
void plain;
