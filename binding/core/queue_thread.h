#pragma once

#include <ATen/ThreadLocalState.h>
#include <napi.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBCXX__)
// GCC 12 gave this function a new symbol version; every system that libtorch supports has the old (glibc_floor.h).
__asm__(
    ".symver "
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE,_ZNSt18condition_variable4waitERSt11unique_"
    "lockISt5mutexE@"
    "GLIBCXX_3.4.11");
#endif

namespace nodule {

class QueueThread {
 public:
  explicit QueueThread(Napi::Env env);
  ~QueueThread();
  QueueThread(const QueueThread&) = delete;
  QueueThread& operator=(const QueueThread&) = delete;

  // Waits for the running job; no other job starts.
  void halt();

  Napi::Value push(Napi::Env env, std::function<void()> run, std::function<Napi::Value(Napi::Env)> settle);

 private:
  struct Job {
    explicit Job(Napi::Env env);
    Napi::Promise::Deferred deferred;
    // Grad mode, autocast and inference mode at the time of the call.
    at::ThreadLocalState state;
    int threads;
    std::function<void()> run;
    std::function<Napi::Value(Napi::Env)> settle;
    std::exception_ptr failure;
  };

  void work();
  static void run(Job& job);
  static void settle(napi_env env, napi_value, void* context, void* job);
  // Called when the environment ends; nothing may use the environment afterwards.
  void stop();

  napi_threadsafe_function call_back_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
  // Number of jobs whose promise is pending; they keep the process alive. Used on the JavaScript thread only.
  std::size_t open_ = 0;
};

}  // namespace nodule
