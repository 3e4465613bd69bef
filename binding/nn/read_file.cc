// Reads bytes of a file directly into a tensor's memory, without a second copy, on or off the JavaScript thread.
#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/slots.h"
#include "nn/init.h"

namespace nodule {

namespace {

struct FileRead {
  at::Tensor tensor;
  int descriptor;
  std::int64_t position;
  bool swap_bytes;
};

// One system call reads at most 2 GiB; asking for less keeps it interruptible.
constexpr std::int64_t kMostBytesACall = std::int64_t{1} << 28;

void swap_elements(char* data, std::int64_t bytes, std::int64_t width) {
  for (char* element = data; element < data + bytes; element += width) std::reverse(element, element + width);
}

// Puts bytes of a file into the form that kernels expect.
void settle(const at::Tensor& tensor, bool swap_bytes) {
  auto* data = static_cast<char*>(tensor.mutable_data_ptr());
  const auto bytes = static_cast<std::int64_t>(tensor.nbytes());
  if (swap_bytes) swap_elements(data, bytes, static_cast<std::int64_t>(tensor.element_size()));
  // A bool byte other than 0 or 1 is undefined behaviour in every kernel.
  if (tensor.scalar_type() == at::kBool)
    std::transform(data, data + bytes, data, [](char value) { return static_cast<char>(value != 0); });
}

void fill(const FileRead& read) {
  auto* data = static_cast<char*>(read.tensor.mutable_data_ptr());
  const auto bytes = static_cast<std::int64_t>(read.tensor.nbytes());
  for (std::int64_t done = 0; done < bytes;) {
    const auto wanted = static_cast<std::size_t>(std::min(bytes - done, kMostBytesACall));
    const ssize_t got = pread(read.descriptor, data + done, wanted, read.position + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::runtime_error(std::strerror(errno));
    if (got == 0) throw std::runtime_error("the file became shorter while it was being read");
    done += got;
  }
  settle(read.tensor, read.swap_bytes);
}

// The tensor was created for this read: nothing else uses it before it is filled.
FileRead request_of(const Napi::CallbackInfo& info) {
  FileRead read{tensor_at(info[0]), info[1].As<Napi::Number>().Int32Value(), info[2].As<Napi::Number>().Int64Value(),
                info[3].As<Napi::Boolean>().Value()};
  if (!read.tensor.is_cpu() || !read.tensor.is_contiguous())
    throw std::invalid_argument("reading a file into a tensor: expected a contiguous CPU tensor");
  return read;
}

class ReadWorker : public Napi::AsyncWorker {
 public:
  ReadWorker(Napi::Env env, FileRead read)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), read_(std::move(read)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      fill(read_);
    } catch (const std::exception& error) {
      SetError(error.what());
    }
  }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  FileRead read_;
};

// readFile(slot, file descriptor, position, swap bytes) fills the whole tensor from the file.
Napi::Value read_file(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    fill(request_of(info));
    return info.Env().Undefined();
  });
}

// bytesOfTensor(slot) -> size of its values in bytes.
Napi::Value bytes_of_tensor(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(tensor_at(info[0]).nbytes()));
  });
}

// fillFromBytes(slot, Uint8Array, swap bytes) fills the whole tensor from bytes in memory.
Napi::Value fill_from_bytes(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    const at::Tensor& tensor = tensor_at(info[0]);
    const auto bytes = info[1].As<Napi::Uint8Array>();
    if (!tensor.is_cpu() || !tensor.is_contiguous() || bytes.ByteLength() != tensor.nbytes())
      throw std::invalid_argument("reading bytes into a tensor: expected a contiguous CPU tensor of their size");
    if (tensor.nbytes() > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.Data(), tensor.nbytes());
    settle(tensor, info[2].ToBoolean().Value());
    return info.Env().Undefined();
  });
}

// readFileAsync(…): the same off the JavaScript thread. The caller keeps the descriptor open until the promise settles.
Napi::Value read_file_async(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    auto* worker = new ReadWorker(info.Env(), request_of(info));
    const auto promise = worker->promise();
    worker->Queue();
    return promise;
  });
}

}  // namespace

void init_read_file(Napi::Env env, Napi::Object exports) {
  exports.Set("readFile", Napi::Function::New(env, read_file));
  exports.Set("bytesOfTensor", Napi::Function::New(env, bytes_of_tensor));
  exports.Set("fillFromBytes", Napi::Function::New(env, fill_from_bytes));
  exports.Set("readFileAsync", Napi::Function::New(env, read_file_async));
}

}  // namespace nodule
