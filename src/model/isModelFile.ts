/** Whether a name is that of a model's file and not of a scan's. */
export const isModelFile = (path: string): boolean => /\.(safetensors|pt|pth|state)$/.test(path);
