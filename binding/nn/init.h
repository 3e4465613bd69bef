#pragma once

#include <napi.h>

namespace nodule {

// Exports the U-Net, the losses, the optimizers, raw tensor bytes and reading files into tensors.
void init_nn(Napi::Env env, Napi::Object exports);

void init_unet(Napi::Env env, Napi::Object exports);
void init_losses(Napi::Env env, Napi::Object exports);
void init_optimizers(Napi::Env env, Napi::Object exports);
void init_bytes(Napi::Env env, Napi::Object exports);
void init_read_file(Napi::Env env, Napi::Object exports);

}  // namespace nodule
