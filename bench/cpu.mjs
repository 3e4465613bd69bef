import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const KNOWN = ['avx2', 'avx512f', 'avx512_bf16', 'avx512_vnni', 'amx_bf16', 'amx_tile'];

/**
 * Describes the processor, for every row: without bf16 instructions bf16 is ten times slower than float32.
 *
 * @param {string} capability kernels that libtorch selected, `torch.backends.cpu.get_cpu_capability()`
 */
export function cpuCapability(capability) {
  let flags = [];
  try {
    const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    const present = new Set((line?.[1] ?? '').split(/\s+/));
    flags = KNOWN.filter((flag) => present.has(flag));
  } catch {
    flags = ['unknown'];
  }
  return { model: cpus()[0]?.model ?? 'unknown', capability, flags };
}
