/** Reports what the user should know about a file as a process warning, where the caller does not listen. */
export const warnAboutScan = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });
