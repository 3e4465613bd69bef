#include "core/share.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/environment.h"
#include "core/in_memory.h"

namespace nodule {

namespace {

struct Shared {
  at::Tensor tensor;
  bool requires_grad = false;
  const Environment* owner = nullptr;
  // Uses left; kMany for a token without a limit.
  std::int64_t uses = 0;
};

constexpr std::int64_t kMany = -1;

struct Table {
  std::mutex mutex;
  std::map<std::int64_t, Shared> entries;
  std::random_device random;

  // A random integer that JavaScript's numbers hold: a token that outlived its process (in a container, every process
  // has the same id), or one of another copy of the package, then names no tensor instead of a wrong one.
  std::int64_t unused_number() {
    std::uniform_int_distribution<std::int64_t> numbers(1, (std::int64_t{1} << 53) - 1);
    std::int64_t number = numbers(random);
    while (entries.count(number) > 0) number = numbers(random);
    return number;
  }
};

// Never destroyed: workers may outlive the static objects of the process.
Table& table() {
  static auto* instance = new Table();
  return *instance;
}

// share(slot, uses) -> number of the entry. The other thread gets an alias, as two threads with one autograd leaf would
// race for its gradient. The alias shares memory and version counter, so each thread sees the other's writes. From then
// on the storage cannot be resized: one thread would free the memory that another computes with.
Napi::Value share(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    if (tensor.requires_grad() && !tensor.is_leaf()) {
      throw std::invalid_argument(
          "the tensor has a graph, which belongs to this thread. Share tensor.detach() or a copy of its values");
    }
    require_in_storage(tensor);
    Shared entry{tensor.detach(), tensor.requires_grad(), &environment(info.Env()),
                 info[1].As<Napi::Number>().Int64Value()};
    if (tensor.has_storage()) tensor.storage().unsafeGetStorageImpl()->set_resizable(false);
    Table& shared = table();
    const std::lock_guard<std::mutex> lock(shared.mutex);
    const std::int64_t number = shared.unused_number();
    shared.entries.emplace(number, std::move(entry));
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  });
}

// Removes an entry from the table and returns it; its tensor is undefined if there was no such entry.
Shared remove(Table& shared, std::map<std::int64_t, Shared>::iterator found) {
  if (found == shared.entries.end()) return {};
  Shared entry = std::move(found->second);
  shared.entries.erase(found);
  return entry;
}

// Uses an entry once. Other threads may use or revoke it at the same time.
Shared take(std::int64_t number) {
  Table& shared = table();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  const auto found = shared.entries.find(number);
  if (found == shared.entries.end() || found->second.uses == 1) return remove(shared, found);
  Shared& entry = found->second;
  Shared taken{entry.tensor.detach(), entry.requires_grad, nullptr, 1};
  if (entry.uses != kMany) --entry.uses;
  return taken;
}

// takeShared(number) -> slot, or null if the entry was used up, revoked or dropped.
Napi::Value take_shared(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Shared entry = take(info[0].As<Napi::Number>().Int64Value());
    if (!entry.tensor.defined()) return info.Env().Null();
    if (entry.requires_grad) entry.tensor.set_requires_grad(true);
    return slot_of(info.Env(), std::move(entry.tensor));
  });
}

// revokeShared(number) -> whether the entry existed.
Napi::Value revoke_shared(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Shared entry;
    {
      Table& shared = table();
      const std::lock_guard<std::mutex> lock(shared.mutex);
      entry = remove(shared, shared.entries.find(info[0].As<Napi::Number>().Int64Value()));
    }
    return Napi::Boolean::New(info.Env(), entry.tensor.defined());
  });
}

}  // namespace

std::size_t shared_of(const Environment* owner) {
  Table& shared = table();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  return static_cast<std::size_t>(std::count_if(shared.entries.begin(), shared.entries.end(),
                                                [&](const auto& entry) { return entry.second.owner == owner; }));
}

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
