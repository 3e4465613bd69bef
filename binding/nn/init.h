#pragma once

#include <napi.h>

namespace nodule {

// The U-Net, the losses, the optimizers and the raw bytes of tensors.
void init_nn(Napi::Env env, Napi::Object exports);

void init_unet(Napi::Env env, Napi::Object exports);
void init_losses(Napi::Env env, Napi::Object exports);
void init_optimizers(Napi::Env env, Napi::Object exports);
void init_bytes(Napi::Env env, Napi::Object exports);
void init_read_file(Napi::Env env, Napi::Object exports);

}  // namespace nodule
