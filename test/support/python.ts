import { peersPython } from '../../scripts/setup/peers.mjs';

/**
 * The interpreter with the Python peers (torch, numpy, SimpleITK, …), or null before `npm run python`: then skip, with
 * the reason in the title. No test installs them, as that takes minutes and 5 GB.
 */
export const pythonInterpreter = (): string | null => peersPython();
