declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const factory: import('./frames/wasmDecoder.js').ModuleFactory;
  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default factory;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: import('./frames/wasmDecoder.js').ModuleFactory;
  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default factory;
}

declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const factory: import('./frames/wasmDecoder.js').ModuleFactory;
  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default factory;
}
