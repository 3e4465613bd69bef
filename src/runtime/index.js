/** @typedef {import('./files/csvText.js').Cell} Cell */
/** @typedef {import('./doctor.js').Diagnosis} Diagnosis */
/** @typedef {import('./libtorch/findLibtorch.js').Libtorch} Libtorch */

export { diagnose } from './doctor.js';
export { kernelVariables } from './environment.js';
export { NoduleTrainError } from './error.js';
export { checkOutputFile, checkOutputFolder, saveResult } from './files/checkOutput.js';
export { csvText } from './files/csvText.js';
export { decodeText, parseJsonBytes } from './files/decodeText.js';
export { fileHash, fileHashSync } from './files/fileHash.js';
export { thisProcess } from './files/holder.js';
export { findInflater } from './files/inflater.js';
export { tryLock, withLock } from './files/lock.js';
export { mapFile } from './files/mapFile.js';
export { quoted } from './files/quoted.js';
export {
  replaceFile,
  replaceFileSync,
  replaceJson,
  replaceJsonSync,
  syncAll,
  syncFolder,
  writeError,
} from './files/replaceFile.js';
export { shellWord } from './files/shellWord.js';
export { isAbandoned, sweepAbandoned, temporaryName } from './files/temporaryName.js';
export { figure, Html, html, htmlPage } from './htmlPage.js';
export { findLibtorch } from './libtorch/findLibtorch.js';
export { gpuNames } from './libtorch/gpu.js';
export { installLibtorch } from './libtorch/installLibtorch.js';
export { licenseFiles } from './libtorch/licenses.js';
export {
  addonFiles,
  chooseLibtorch,
  loadLoader,
  loadNative,
  loadRuntime,
  packageRoot,
  probeCuda,
  warnOfUnusedGpu,
  whyNoCuda,
} from './libtorch/load.js';
export { LIBTORCH_VERSION, PACKAGE_VERSION } from './versions.js';
export { answerJobs, runInWorkers } from './workerPool.js';
