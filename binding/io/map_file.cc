#include "io/map_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "io/type_text.h"

namespace io {
namespace {

struct Mapping {
  void* address;
  std::size_t bytes;
  ~Mapping() { munmap(address, bytes); }
};

[[noreturn]] void fail(Napi::Env env, const std::string& file, const char* what, int code) {
  throw Napi::Error::New(env, "mapping " + file + ": " + what + ": " + std::strerror(code));
}

// The size of a regular file in bytes; -1 with errno set for anything else.
std::int64_t regular_size(int descriptor) {
#if defined(__linux__)
  // fstat is a symbol of glibc 2.33 and newer, statx one of 2.28.
  struct statx status;
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &status) != 0) return -1;
  const bool regular = S_ISREG(status.stx_mode);
  const auto bytes = static_cast<std::int64_t>(status.stx_size);
#else
  struct stat status;
  if (fstat(descriptor, &status) != 0) return -1;
  const bool regular = S_ISREG(status.st_mode);
  const auto bytes = static_cast<std::int64_t>(status.st_size);
#endif
  if (regular) return bytes;
  errno = EINVAL;
  return -1;
}

}  // namespace

// A private mapping: writes into the buffer stay in this process. No swap space is reserved for them, as none of our
// code writes. The pages are unmapped when the buffer and every array over it are garbage, or the thread ends.
Napi::Value map_file(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsString())
    throw Napi::TypeError::New(env, "mapFile(file): found " +
                                        (info.Length() > 1 ? "several arguments" : type_text(info[0])) +
                                        ", expected a path string");
  const std::string file = info[0].As<Napi::String>().Utf8Value();
  // O_NONBLOCK: otherwise opening a pipe would wait for a writer.
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(env, file, "opening it failed", errno);
  const auto size = regular_size(descriptor);
  if (size < 0) {
    const int code = errno;
    close(descriptor);
    fail(env, file, "it is not a regular file", code);
  }
  const auto bytes = static_cast<std::size_t>(size);
  if (bytes == 0) {
    close(descriptor);
    return Napi::ArrayBuffer::New(env, 0);
  }
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  const int code = errno;
  close(descriptor);
  if (address == MAP_FAILED) fail(env, file, "mmap failed", code);
  // The buffer takes ownership only once it exists: in a worker that is ending, creating it throws.
  auto mapping = std::unique_ptr<Mapping>(new Mapping{address, bytes});
  auto buffer = Napi::ArrayBuffer::New(
      env, address, bytes, [](Napi::Env, void*, Mapping* owned) { delete owned; }, mapping.get());
  mapping.release();
  return buffer;
}

}  // namespace io
