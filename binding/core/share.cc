#include "core/share.h"

#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/environment.h"

namespace nodule {

namespace {

struct Shared {
  at::Tensor tensor;
  bool requires_grad;
  const Environment* owner;
};

struct Table {
  std::mutex mutex;
  std::map<std::int64_t, Shared> entries;
  std::int64_t next = 1;
};

// Never destroyed: workers may end after the static objects of the process.
Table& table() {
  static auto* instance = new Table();
  return *instance;
}

// (slot) -> number of the entry. An alias crosses, not the tensor: two threads with one autograd leaf would race for
// its gradient. The alias shares the memory and the version counter, so that a write by either is seen by both.
Napi::Value share(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    if (tensor.requires_grad() && !tensor.is_leaf()) {
      throw std::invalid_argument(
          "the tensor has a graph, which belongs to this thread; share tensor.detach() or its values");
    }
    Shared entry{tensor.detach(), tensor.requires_grad(), &environment(info.Env())};
    Table& shared = table();
    const std::lock_guard<std::mutex> lock(shared.mutex);
    const std::int64_t number = shared.next++;
    shared.entries.emplace(number, std::move(entry));
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  });
}

// (number) -> the entry, out of the table; an undefined tensor where it is not there.
Shared take(const Napi::Value& number) {
  Table& shared = table();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  const auto found = shared.entries.find(number.As<Napi::Number>().Int64Value());
  if (found == shared.entries.end()) return {};
  Shared entry = std::move(found->second);
  shared.entries.erase(found);
  return entry;
}

// (number) -> slot, or null where it was taken, revoked or let go.
Napi::Value take_shared(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Shared entry = take(info[0]);
    if (!entry.tensor.defined()) return info.Env().Null();
    if (entry.requires_grad) entry.tensor.set_requires_grad(true);
    return slot_of(info.Env(), std::move(entry.tensor));
  });
}

// (number) -> whether it was there.
Napi::Value revoke_shared(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), take(info[0]).tensor.defined()); });
}

}  // namespace

void drop_shared_of(const Environment* owner) {
  std::vector<at::Tensor> dropped;
  Table& shared = table();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  for (auto it = shared.entries.begin(); it != shared.entries.end();) {
    if (it->second.owner == owner) {
      dropped.push_back(std::move(it->second.tensor));
      it = shared.entries.erase(it);
    } else {
      ++it;
    }
  }
}

void init_share(Napi::Env env, Napi::Object exports) {
  exports.Set("share", Napi::Function::New(env, share, "share"));
  exports.Set("takeShared", Napi::Function::New(env, take_shared, "takeShared"));
  exports.Set("revokeShared", Napi::Function::New(env, revoke_shared, "revokeShared"));
}

}  // namespace nodule
