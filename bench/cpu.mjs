import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const WANTED = ['avx2', 'avx512f', 'avx512_bf16', 'avx512_vnni', 'amx_bf16', 'amx_tile'];

/**
 * What the processor can do, for every row: bf16 is ten times slower than float32 where there is no bf16 arithmetic.
 *
 * @param {string} capability the kernels libtorch picked, `torch.backends.cpu.get_cpu_capability()`
 */
export function cpuCapability(capability) {
  let flags = [];
  try {
    const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    const present = new Set((line?.[1] ?? '').split(/\s+/));
    flags = WANTED.filter((flag) => present.has(flag));
  } catch {
    flags = ['unknown'];
  }
  return { model: cpus()[0]?.model ?? 'unknown', capability, flags };
}
