import { peersPython } from '../../scripts/setup/peers.mjs';

/**
 * The interpreter with the Python peers (torch, numpy, SimpleITK …), null where `npm run python` has not made it: skip
 * then and say so in the title. A test never makes it, as that takes minutes and 5 GB.
 */
export const pythonInterpreter = (): string | null => peersPython();
