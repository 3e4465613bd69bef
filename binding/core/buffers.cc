#include "core/buffers.h"

#include <ATen/ATen.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "core/in_memory.h"
#include "core/names.h"
#include "core/queue.h"
#include "core/slots.h"

namespace nodule {

namespace {

using Held = std::shared_ptr<MemoryView>;

// Set by tests, to behave as in Electron.
std::atomic<bool> external_forbidden{false};

// Node 20 cannot make larger buffers; Node 22 has practically no limit.
std::size_t largest_buffer(napi_env env) {
  const napi_node_version* version = nullptr;
  const bool is_old = napi_get_node_version(env, &version) != napi_ok || version->major < 22;
  return is_old ? std::size_t{1} << 32 : std::size_t{1} << 53;
}

void require_buffer_size(napi_env env, std::size_t bytes) {
  if (bytes <= largest_buffer(env)) return;
  throw std::length_error("the tensor has " + std::to_string(bytes) +
                          " bytes, and this version of Node has no buffers "
                          "of more than " +
                          std::to_string(largest_buffer(env)) +
                          " bytes. Take it in parts (slice, narrow), or use Node 22");
}

// When we detach the buffer ourselves, we also drop the storage: the finalizer runs only when the event loop turns, so
// a loop that never yields would keep the memory. A buffer that was transferred (`buffer.transfer()`) is detached
// already, and its memory lives on in the new one: then the storage is kept until that is collected.
// Returns an empty value where the runtime forbids buffers over memory of others, as Electron does.
Napi::ArrayBuffer buffer_holding(Napi::Env env, const Held& held) {
  if (held->bytes == 0) return Napi::ArrayBuffer::New(env, 0);
  require_buffer_size(env, held->bytes);
  if (external_forbidden) return {};
  // The buffer takes ownership only once it exists: in a worker that is ending, creating it fails.
  auto kept = std::make_unique<Held>(held);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, held->data, held->bytes, [](napi_env, void*, void* owned) { delete static_cast<Held*>(owned); }, kept.get(),
      &buffer);
  if (status == napi_no_external_buffers_allowed) return {};
  if (status != napi_ok) throw Napi::Error::New(env);
  kept.release();
  return {env, buffer};
}

Held memory_of(const at::Tensor& tensor) {
  return std::make_shared<MemoryView>(MemoryView{tensor.storage(), tensor.data_ptr(), tensor.nbytes()});
}

bool shows(const Held& view, const at::Tensor& tensor) {
  return view && view->storage && view->data == tensor.const_data_ptr() && view->bytes == tensor.nbytes();
}

void detach(Held& view, Napi::ArrayBuffer buffer) {
  if (!buffer.IsDetached()) {
    buffer.Detach();
    if (view) view->storage = c10::Storage();
  }
  view.reset();
}

// data(slot, previous buffer or null) -> an external ArrayBuffer over libtorch's memory that holds its storage. The
// previous buffer is returned as long as the tensor's memory has not moved. From then on the storage cannot be resized,
// as after `numpy()` in Python: whoever grows it, through whichever alias, would free the memory that the buffer shows.
Napi::Value data(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    if (!tensor.device().is_cpu()) {
      throw std::invalid_argument("data(): the tensor is on " + tensor.device().str() +
                                  ", expected cpu. Call to('cpu') first");
    }
    if (tensor.layout() != at::kStrided) {
      throw std::invalid_argument("data(): the tensor is sparse, expected a dense one. Call to_dense() first");
    }
    if (!tensor.is_contiguous()) {
      throw std::invalid_argument("data(): the tensor is not contiguous. Call contiguous() first");
    }
    if (tensor._is_zerotensor() || tensor.is_neg() || tensor.is_conj()) {
      throw std::invalid_argument(
          "data(): found a lazy view (zero, negated or conjugated), expected values in memory. Call clone() first");
    }
    require_in_storage(tensor);
    Held& view = slots(info.Env()).view_of(info[0].As<Napi::Number>().DoubleValue());
    if (info[1].IsArrayBuffer()) {
      auto before = info[1].As<Napi::ArrayBuffer>();
      if (!before.IsDetached() && shows(view, tensor)) return before;
      detach(view, before);
    }
    const Held memory = memory_of(tensor);
    const Napi::ArrayBuffer buffer = buffer_holding(info.Env(), memory);
    if (buffer.IsEmpty()) {
      throw std::runtime_error(
          "data(): this runtime allows no buffers over memory outside its own (Electron), expected Node.js, Bun or "
          "Deno. Call dataAsync() or toArray(), which copy");
    }
    view = memory;
    if (view->bytes > 0) tensor.storage().unsafeGetStorageImpl()->set_resizable(false);
    return buffer;
  });
}

// detachBuffer(slot, buffer). Views must not outlive the memory they show: reading through a detached buffer gives
// undefined and never touches freed memory.
Napi::Value detach_buffer(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    detach(slots(info.Env()).view_of(info[0].As<Napi::Number>().DoubleValue()), info[1].As<Napi::ArrayBuffer>());
    return info.Env().Undefined();
  });
}

// detachMoved(slot, buffer) -> whether the tensor's memory is no longer what the buffer shows, which is then detached.
Napi::Value detach_moved(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Held& view = slots(info.Env()).view_of(info[0].As<Napi::Number>().DoubleValue());
    const bool moved = !shows(view, tensor_at(info[0]));
    if (moved) detach(view, info[1].As<Napi::ArrayBuffer>());
    return Napi::Boolean::New(info.Env(), moved);
  });
}

// copyBytes(slot) -> a copy of the values as bytes, contiguous and on the CPU.
Napi::Value copy_bytes(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value { return copied_buffer(info.Env(), tensor_at(info[0]).detach()); });
}

// JavaScript can write at any time to memory that data() shows, and no version counts that: such a tensor is copied at
// the call. Its storage is not resizable since then, as few others are.
at::Tensor snapshot_if_shown(const at::Tensor& tensor) {
  const bool shown = tensor.is_cpu() && tensor.layout() == at::kStrided && tensor.has_storage() &&
                     !tensor.storage().unsafeGetStorageImpl()->resizable();
  return shown ? in_memory(tensor).clone() : tensor;
}

// copyBytesAsync(slot, dtype or null) -> promise of the bytes, copied off the JavaScript thread.
Napi::Value copy_bytes_async(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto copy = std::make_shared<at::Tensor>(snapshot_if_shown(tensor_at(info[0]).detach()));
    std::optional<at::ScalarType> dtype;
    if (info[1].IsString()) dtype = dtype_of_name(info[1].As<Napi::String>().Utf8Value());
    return enqueue(
        info.Env(), [copy, dtype] { *copy = copied_to_cpu(dtype ? copy->to(*dtype) : *copy); },
        [copy](Napi::Env env) -> Napi::Value { return buffer_over(env, *copy); });
  });
}

struct Copied {
  at::Tensor source;
  std::uint64_t version;
  at::Tensor copy;
};

std::uint64_t version_of(const at::Tensor& tensor) {
  return tensor.is_inference() ? 0 : static_cast<std::uint64_t>(tensor._version());
}

// copyManyAsync(slots) -> promise of [Uint8Array or null, …], copied off the JavaScript thread. A tensor that was
// written to in the meantime gives null: its bytes would mix old and new values.
Napi::Value copy_many_async(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto copied = std::make_shared<std::vector<Copied>>();
    for (const at::Tensor& tensor : tensors_at(info[0])) {
      at::Tensor source = snapshot_if_shown(tensor.detach());
      const std::uint64_t version = version_of(source);
      copied->push_back({std::move(source), version, {}});
    }
    return enqueue(
        info.Env(),
        [copied] {
          for (Copied& one : *copied) one.copy = copied_to_cpu(one.source);
        },
        [copied](Napi::Env env) -> Napi::Value {
          auto result = Napi::Array::New(env, copied->size());
          for (std::size_t i = 0; i < copied->size(); ++i) {
            const Copied& one = (*copied)[i];
            const auto place = static_cast<std::uint32_t>(i);
            if (version_of(one.source) != one.version) {
              result.Set(place, env.Null());
            } else {
              Napi::ArrayBuffer buffer = buffer_over(env, one.copy);
              result.Set(place, Napi::Uint8Array::New(env, buffer.ByteLength(), buffer, 0));
            }
          }
          return result;
        });
  });
}

Napi::Value forbid_external_buffers(const Napi::CallbackInfo& info) {
  external_forbidden = info[0].ToBoolean().Value();
  return info.Env().Undefined();
}

}  // namespace

Napi::ArrayBuffer copied_buffer(Napi::Env env, const at::Tensor& tensor) {
  // Where V8 cannot allocate a buffer, it ends the process; our allocator throws. A small one is faster within V8.
  constexpr std::size_t kLarge = std::size_t{1} << 20;
  require_buffer_size(env, tensor.nbytes());
  if (tensor.nbytes() > kLarge) return buffer_over(env, copied_to_cpu(tensor));
  const at::Tensor values = in_memory(tensor).to(at::kCPU).contiguous();
  auto buffer = Napi::ArrayBuffer::New(env, values.nbytes());
  if (values.nbytes() > 0) std::memcpy(buffer.Data(), values.const_data_ptr(), values.nbytes());
  return buffer;
}

at::Tensor copied_to_cpu(const at::Tensor& tensor) {
  const at::Tensor there = in_memory(tensor).to(at::kCPU).contiguous();
  return there.is_alias_of(tensor) ? there.clone() : there;
}

Napi::ArrayBuffer buffer_over(Napi::Env env, const at::Tensor& tensor) {
  const Napi::ArrayBuffer over = buffer_holding(env, memory_of(tensor));
  if (!over.IsEmpty()) return over;
  auto copy = Napi::ArrayBuffer::New(env, tensor.nbytes());
  std::memcpy(copy.Data(), tensor.const_data_ptr(), tensor.nbytes());
  return copy;
}

void init_buffers(Napi::Env env, Napi::Object exports) {
  exports.Set("data", Napi::Function::New(env, data, "data"));
  exports.Set("detachBuffer", Napi::Function::New(env, detach_buffer, "detachBuffer"));
  exports.Set("detachMoved", Napi::Function::New(env, detach_moved, "detachMoved"));
  exports.Set("copyBytes", Napi::Function::New(env, copy_bytes, "copyBytes"));
  exports.Set("copyBytesAsync", Napi::Function::New(env, copy_bytes_async, "copyBytesAsync"));
  exports.Set("forbidExternalBuffers", Napi::Function::New(env, forbid_external_buffers));
  exports.Set("copyManyAsync", Napi::Function::New(env, copy_many_async, "copyManyAsync"));
}

}  // namespace nodule
