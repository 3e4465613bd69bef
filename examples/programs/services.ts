// Prints the numbers of the service and the pool.
import { fastifyService } from './fastifyService.js';
import { piscinaPool } from './piscinaPool.js';

console.log(JSON.stringify({ fastify: await fastifyService(), piscina: await piscinaPool() }));
