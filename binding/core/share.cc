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

// Never destroyed: workers may outlive the static objects of the process.
Table& table() {
  static auto* instance = new Table();
  return *instance;
}

// share(slot) -> number of the entry. The other thread gets an alias, as two threads with one autograd leaf would race
// for its gradient. The alias shares memory and version counter, so each thread sees the other's writes.
Napi::Value share(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    if (tensor.requires_grad() && !tensor.is_leaf()) {
      throw std::invalid_argument(
          "the tensor has a graph, which belongs to this thread. Share tensor.detach() or a copy of its values");
    }
    Shared entry{tensor.detach(), tensor.requires_grad(), &environment(info.Env())};
    Table& shared = table();
    const std::lock_guard<std::mutex> lock(shared.mutex);
    const std::int64_t number = shared.next++;
    shared.entries.emplace(number, std::move(entry));
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  });
}

// Removes an entry from the table and returns it; its tensor is undefined if there was no such entry.
Shared take(const Napi::Value& number) {
  Table& shared = table();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  const auto found = shared.entries.find(number.As<Napi::Number>().Int64Value());
  if (found == shared.entries.end()) return {};
  Shared entry = std::move(found->second);
  shared.entries.erase(found);
  return entry;
}

// takeShared(number) -> slot, or null if the entry was taken, revoked or dropped.
Napi::Value take_shared(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Shared entry = take(info[0]);
    if (!entry.tensor.defined()) return info.Env().Null();
    if (entry.requires_grad) entry.tensor.set_requires_grad(true);
    return slot_of(info.Env(), std::move(entry.tensor));
  });
}

// revokeShared(number) -> whether the entry existed.
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
