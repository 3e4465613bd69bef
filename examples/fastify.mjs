// A U-Net behind HTTP.
//   node fastify.mjs [WEIGHTS.safetensors] [PORT]
//   POST /segment?rows=R&columns=C   takes R·C float32 values (little-endian), returns as many probabilities
//   GET  /memory                     returns the memory that libtorch holds
// Requests run one at a time and block this thread while they compute; worker-pool.mjs shows how to run several at
// once.
import Fastify from 'fastify';
import { fromData, loadTensors, memory, nn, noGrad, scope } from 'nodule-train/torch';

const [weights, port = '8000'] = process.argv.slice(2);
const net = nn.unet({ classes: 1, depth: 3, wf: 4, padding: true, batchNorm: true, sigmoid: true }).eval();
if (weights === undefined) console.log('no weights given: the network is untrained');
else net.loadStateDict((await loadTensors(weights)).tensors);

/** Returns the probabilities and frees all intermediate tensors. */
const segment = (pixels, rows, columns) =>
  scope(() =>
    noGrad(() =>
      net
        .forward(fromData(pixels, [1, 1, rows, columns]))
        .data()
        .slice(),
    ),
  );

const app = Fastify({ bodyLimit: 4 * 1024 * 1024 });
app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

const size = { type: 'integer', minimum: 16, maximum: 1024, multipleOf: 4 };
const schema = {
  querystring: { type: 'object', required: ['rows', 'columns'], properties: { rows: size, columns: size } },
};
app.post('/segment', { schema }, async (request, reply) => {
  const { rows, columns } = request.query;
  const bytes = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length !== 4 * rows * columns)
    return reply.code(400).send({ error: `found ${bytes?.length ?? 0} bytes, expected ${4 * rows * columns}` });
  // Copy: a body may begin at any byte, a Float32Array only at a multiple of four.
  const pixels = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const probabilities = segment(pixels, rows, columns);
  return reply.type('application/octet-stream').send(Buffer.from(probabilities.buffer));
});
app.get('/memory', async () => memory());

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
console.log(`listening on ${await app.listen({ port: Number(port), host: '127.0.0.1' })}`);
