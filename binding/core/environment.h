// What one Node environment (the main thread or a worker) owns. Kept as instance data, never in static variables: with
// static references four workers gave "not a tensor" and segmentation faults.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "core/operators.h"
#include "core/share.h"
#include "core/slots.h"

namespace nodule {

class QueueThread;

struct Environment {
  ~Environment() { drop_shared_of(this); }

  SlotTable slots;
  std::vector<std::unique_ptr<Operator>> operators;
  // Started by the first asynchronous call.
  std::shared_ptr<QueueThread> queue;
  // Other folders (nn) hang their own tables here, so that core knows nothing of them.
  std::vector<std::shared_ptr<void>> extensions;
};

Environment& environment(Napi::Env env);

}  // namespace nodule
