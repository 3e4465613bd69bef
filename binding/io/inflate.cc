// Decompresses zlib and gzip streams off the JavaScript thread, directly into their final memory.
#include "io/inflate.h"

#ifdef NODULE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstdint>
#include <memory>
#include <string>

#include "io/type_text.h"

namespace io {
namespace {

struct Bytes {
  std::uint8_t* data;
  std::size_t size;
};

Bytes bytes_of(const Napi::Value& value, const char* function) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw Napi::TypeError::New(value.Env(),
                               std::string(function) + ": found " + type_text(value) + ", expected a Uint8Array");
  auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

#ifdef NODULE_LIBDEFLATE
// The release check looks for this text: a loader built without libdeflate does not contain it.
constexpr const char* kInflater = "libdeflate " LIBDEFLATE_VERSION_STRING;

struct Result {
  libdeflate_result code;
  std::size_t bytes;
};

/// Decompresses one zlib stream, or consecutive gzip members like node:zlib; bytes after the last one are ignored.
Result unpack(libdeflate_decompressor* inflater, Bytes packed, Bytes out) {
  const auto is_gzip = [&](std::size_t at) {
    return packed.size - at >= 2 && packed.data[at] == 0x1f && packed.data[at + 1] == 0x8b;
  };
  std::size_t taken = 0, given = 0;
  if (!is_gzip(0)) {
    const auto code = libdeflate_zlib_decompress(inflater, packed.data, packed.size, out.data, out.size, &given);
    return {code, given};
  }
  std::size_t at = 0, done = 0;
  libdeflate_result code = LIBDEFLATE_SUCCESS;
  while (code == LIBDEFLATE_SUCCESS && is_gzip(at)) {
    code = libdeflate_gzip_decompress_ex(inflater, packed.data + at, packed.size - at, out.data + done, out.size - done,
                                         &taken, &given);
    if (code == LIBDEFLATE_SUCCESS) {
      at += taken;
      done += given;
    }
  }
  return {code, done};
}

class Inflate : public Napi::AsyncWorker {
 public:
  Inflate(Napi::Env env, Napi::Value packed, Napi::Value out)
      : AsyncWorker(env, "nodule-train:inflate"),
        deferred_(Napi::Promise::Deferred::New(env)),
        packed_(bytes_of(packed, "inflate(packed, out)")),
        out_(bytes_of(out, "inflate(packed, out)")),
        packed_object_(Napi::Persistent(packed.As<Napi::Object>())),
        out_object_(Napi::Persistent(out.As<Napi::Object>())) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(
        libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
    if (!inflater) return SetError("inflate(packed, out): no memory for the decompressor");
    result_ = unpack(inflater.get(), packed_, out_);
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    const char* fault = result_.code == LIBDEFLATE_SUCCESS              ? nullptr
                        : result_.code == LIBDEFLATE_INSUFFICIENT_SPACE ? "longer"
                                                                        : "damaged";
    Napi::Object answer = Napi::Object::New(Env());
    answer["fault"] = fault == nullptr ? Env().Null() : Napi::String::New(Env(), fault);
    answer["bytes"] = static_cast<double>(result_.bytes);
    deferred_.Resolve(answer);
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  Bytes packed_, out_;
  // Keep both arrays alive until the thread is done with them.
  Napi::ObjectReference packed_object_, out_object_;
  Result result_{LIBDEFLATE_BAD_DATA, 0};
};

Napi::Value inflate(const Napi::CallbackInfo& info) {
  auto* worker = new Inflate(info.Env(), info[0], info[1]);
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}
#endif

/// Faults in fresh memory in one call before it is written, which costs the kernel half of what page by page does.
class Populate : public Napi::AsyncWorker {
 public:
  Populate(Napi::Env env, Napi::Value bytes)
      : AsyncWorker(env, "nodule-train:populate"),
        deferred_(Napi::Promise::Deferred::New(env)),
        bytes_(bytes_of(bytes, "populate(bytes)")),
        object_(Napi::Persistent(bytes.As<Napi::Object>())) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
#ifdef __linux__
    constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, since Linux 5.14; older headers lack it
    constexpr std::uintptr_t kPage = 4096;
    const auto start = reinterpret_cast<std::uintptr_t>(bytes_.data);
    const std::uintptr_t first = (start + kPage - 1) & ~(kPage - 1);
    const std::uintptr_t last = (start + bytes_.size) & ~(kPage - 1);
    // Older kernels refuse it; each page is then faulted in when it is written.
    if (first < last) madvise(reinterpret_cast<void*>(first), last - first, kPopulateWrite);
#endif
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    deferred_.Resolve(Env().Undefined());
  }

 private:
  Napi::Promise::Deferred deferred_;
  Bytes bytes_;
  Napi::ObjectReference object_;
};

Napi::Value populate(const Napi::CallbackInfo& info) {
  auto* worker = new Populate(info.Env(), info[0]);
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace

void export_io(Napi::Env env, Napi::Object exports) {
#ifdef NODULE_LIBDEFLATE
  exports["inflate"] = Napi::Function::New(env, inflate, "inflate");
  exports["inflater"] = Napi::String::New(env, kInflater);
#else
  exports["inflater"] = env.Null();
#endif
  exports["populate"] = Napi::Function::New(env, populate, "populate");
}

}  // namespace io
