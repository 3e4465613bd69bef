// What one Node environment (the main thread or a worker) owns. Kept as instance data, never in static variables: with
// static references, four workers caused "not a tensor" errors and segmentation faults.
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
  // Other folders (nn) store their own tables here, so that core does not depend on them.
  std::vector<std::shared_ptr<void>> extensions;
};

Environment& environment(Napi::Env env);

}  // namespace nodule
