#include "nn/init.h"

namespace nodule {

void init_nn(Napi::Env env, Napi::Object exports) {
  init_unet(env, exports);
  init_losses(env, exports);
  init_optimizers(env, exports);
  init_bytes(env, exports);
  init_read_file(env, exports);
}

}  // namespace nodule
