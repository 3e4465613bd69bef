// Inference in a pool of threads. Each worker has its own network.
//   node worker-pool.mjs [THREADS]
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { fromData, loadTensors, memory, nn, noGrad, saveTensors, scope, setNumThreads } from 'nodule-train/torch';

const OPTIONS = { classes: 1, depth: 3, wf: 3, padding: true, batchNorm: true, sigmoid: true };
let network;

/** Segments one image, in a worker. */
export async function segment({ weights, pixels, rows, columns }) {
  if (network === undefined) {
    // One thread per worker: the pool provides the parallelism.
    setNumThreads(1);
    network = nn.unet(OPTIONS).eval();
    const { tensors } = await loadTensors(weights);
    network.loadStateDict(tensors);
    for (const tensor of tensors.values()) tensor.dispose();
  }
  const probabilities = scope(() =>
    noGrad(() =>
      network
        .forward(fromData(pixels, [1, 1, rows, columns]))
        .data()
        .slice(),
    ),
  );
  return { probabilities, handles: memory().handles };
}

if (isMainThread) {
  const [{ default: Piscina }, { mkdtemp, rm }, { tmpdir }, path] = await Promise.all([
    import('piscina'),
    import('node:fs/promises'),
    import('node:os'),
    import('node:path'),
  ]);
  const threads = Number(process.argv[2] ?? 2);
  const folder = await mkdtemp(path.join(tmpdir(), 'worker-pool-'));
  const weights = path.join(folder, 'weights.safetensors');
  const net = nn.unet(OPTIONS).eval();
  await saveTensors(weights, net.stateDict());

  const [rows, columns] = [64, 64];
  const image = (n) => Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * (n + 1)));
  const pool = new Piscina({ filename: fileURLToPath(import.meta.url), minThreads: threads, maxThreads: threads });
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, n) => pool.run({ weights, pixels: image(n), rows, columns }, { name: 'segment' })),
  );
  await pool.close();

  const differences = answers.map(({ probabilities }, n) => {
    const here = scope(() =>
      noGrad(() =>
        net
          .forward(fromData(image(n), [1, 1, rows, columns]))
          .data()
          .slice(),
      ),
    );
    return here.reduce((most, value, i) => Math.max(most, Math.abs(value - probabilities[i])), 0);
  });
  const handles = new Set(answers.map((answer) => answer.handles));
  console.log(
    `${answers.length} images in ${threads} threads, largest difference from this thread: ${Math.max(...differences)}`,
  );
  console.log(`tensors that a worker holds after an image: ${[...handles].join(', ')}`);
  await rm(folder, { recursive: true });
}
