#include "checks/install.h"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "checks/checks.h"

namespace nodule {

namespace {

// A key above autograd and autocast that libtorch leaves to others: no tensor has it, a thread includes it. Operators
// without a check have a fallthrough kernel, which the dispatcher masks out, so that they are not slower.
constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

class CheckedKernel final : public c10::OperatorKernel {
 public:
  explicit CheckedKernel(Check check) : check_(check) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    check_(Arguments(op.schema(), *stack));
    op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kKey), stack);
  }

 private:
  Check check_;
};

std::unordered_map<std::string, Check> all_checks() {
  std::unordered_map<std::string, Check> all;
  for (const auto table :
       {convolution_checks, integer_checks, linear_algebra_checks, loss_checks, normalization_checks, pooling_checks,
        random_checks, recurrent_checks, segment_checks, series_checks, upsample_checks}) {
    for (const CheckedOperator& entry : table()) all.emplace(entry.name, entry.check);
  }
  return all;
}

}  // namespace

void register_checks() {
  // Never destroyed: libtorch's dispatcher outlives static objects of the addon.
  auto& fallback = *new torch::Library(torch::Library::IMPL, "_", kKey, __FILE__, __LINE__);
  fallback.fallback(torch::CppFunction::makeFallthrough());
  auto& aten = *new torch::Library(torch::Library::IMPL, "aten", kKey, __FILE__, __LINE__);
  const auto checks = all_checks();
  for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
    const std::string full = name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
    auto found = checks.find(full);
    if (found == checks.end()) found = checks.find(name.name);
    if (found == checks.end()) continue;
    aten.impl(full.c_str(), torch::CppFunction::makeFromBoxedFunctor(std::make_unique<CheckedKernel>(found->second)));
  }
  // Constructors of sparse tensors check their indices.
  at::globalContext().setCheckSparseTensorInvariants(true);
}

void check_in_this_thread() { c10::impl::tls_set_dispatch_key_included(kKey, true); }

}  // namespace nodule
