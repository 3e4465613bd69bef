#include "nodule/library.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <mutex>
#include <stdexcept>
#include <string>

#include "checks/install.h"
#include "nodule/schemas.h"

namespace nodule {

namespace {

// Never destroyed: libtorch's dispatcher outlives static objects of the addon.
torch::Library& library(torch::Library::Kind kind, std::optional<c10::DispatchKey> key) {
  return *new torch::Library(kind, "nodule", key, __FILE__, __LINE__);
}

const void* register_or_share(const void* own) {
  // An operator whose name identifies the build: what it returns is only valid for code of the same build.
  const std::string marker = std::string("_build_") + NODULE_BUILD_ID;
  auto& dispatcher = c10::Dispatcher::singleton();
  if (const auto first = dispatcher.findSchema({"nodule::" + marker, ""})) {
    return reinterpret_cast<const void*>(first->typed<std::int64_t()>().call());
  }
  if (dispatcher.findSchema({"nodule::crop_augment", ""})) {
    throw std::runtime_error(
        "another version of nodule-train is loaded in this process already, and libtorch has room for one. Install one "
        "version for all packages (`npm ls nodule-train` shows them, `npm dedupe` merges them)");
  }
  torch::Library& definitions = library(torch::Library::DEF, std::nullopt);
  definitions.def(kPhiloxSchema);
  definitions.def(kDrawEpochSchema);
  definitions.def(kCropAugmentSchema);
  register_relu_batch_norm(definitions);
  torch::Library& cpu = library(torch::Library::IMPL, c10::DispatchKey::CPU);
  register_crop_augment(cpu);
  register_draw_epoch(cpu);
  register_checks();
  const auto address = reinterpret_cast<std::int64_t>(own);
  definitions.def((marker + "() -> int").c_str(), [address]() -> std::int64_t { return address; });
  return own;
}

}  // namespace

const void* register_operators(const void* own) {
  static std::mutex mutex;
  static const void* used = nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  if (!used) used = register_or_share(own);
  return used;
}

}  // namespace nodule
