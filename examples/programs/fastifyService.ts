// A classifier behind HTTP. Forward passes run off the event loop, so that it keeps accepting requests.
import Fastify, { type FastifyInstance } from 'fastify';
import { fromData, memory, nn, type Tensor } from 'nodule-train/torch';
import { fixWeights } from './fixedWeights.js';

const PIXELS = 64;

interface Answer {
  label: number;
  probabilities: number[];
}

/** Frees what one request made, which no scope can: a scope ends before a promise settles. */
async function classify(net: nn.Sequential, pixels: readonly number[]): Promise<Answer> {
  using x = fromData(Float32Array.from(pixels), [1, PIXELS]);
  using logits = await net.forwardAsync(x);
  return answerOf(logits);
}

function answerOf(logits: Tensor): Answer {
  using probabilities = logits.softmax(1);
  const row = probabilities.data('float32');
  return { label: row.indexOf(Math.max(...row)), probabilities: [...row] };
}

export function createService(net: nn.Sequential): FastifyInstance {
  const app = Fastify();
  const pixels = { type: 'array', items: { type: 'number' }, minItems: PIXELS, maxItems: PIXELS };
  const schema = { body: { type: 'object', required: ['pixels'], properties: { pixels } } };
  app.post<{ Body: { pixels: number[] } }>('/classify', { schema }, (request) => classify(net, request.body.pixels));
  app.get('/memory', () => memory());
  return app;
}

const imageOf = (n: number): number[] => Array.from({ length: PIXELS }, (_, i) => Math.fround(Math.sin(i * (n + 1))));

const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && 'label' in value && 'probabilities' in value;

/** Sends 200 requests at once, and three wrong ones. Returns counts, sums of the answers, and the tensors left over. */
export async function fastifyService(): Promise<number[]> {
  const net = nn.sequential(nn.linear(PIXELS, 128), nn.relu(), nn.linear(128, 10)).eval();
  fixWeights(net);
  net.requiresGrad_(false);
  const app = createService(net);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const post = (body: unknown) =>
    fetch(`${address}/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  try {
    const { handles } = memory();
    const wrong = [{}, { pixels: [1] }, { pixels: Array(PIXELS).fill('a') }].map(
      async (body) => (await post(body)).status,
    );
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const answer: unknown = await (await post({ pixels: imageOf(n) })).json();
        if (!isAnswer(answer)) throw new Error(`request ${n}: ${JSON.stringify(answer)}`);
        return answer;
      }),
    );
    return [
      answers.length,
      (await Promise.all(wrong)).filter((status) => status === 400).length,
      answers.reduce((sum, { label }, n) => sum + label * (n + 1), 0),
      answers.reduce((sum, { probabilities }, n) => sum + (probabilities[0] ?? Number.NaN) * (n + 1), 0),
      memory().handles - handles,
    ];
  } finally {
    await app.close();
    net.dispose();
  }
}
