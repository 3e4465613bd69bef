#include "core/queue.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>

#include <stdexcept>

#include "core/environment.h"
#include "core/queue_thread.h"

namespace nodule {

QueueThread::Job::Job(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)), threads(at::get_num_threads()) {}

QueueThread::QueueThread(Napi::Env env) {
  const auto name = Napi::String::New(env, "nodule-train queue");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                                             &QueueThread::settle, &call_back_);
  if (status != napi_ok) throw std::runtime_error("starting the queue for asynchronous calls: Node-API refused it");
  napi_unref_threadsafe_function(env, call_back_);
  // Added after the thread-safe function's own hook, so it runs before it: hooks run last in, first out.
  napi_add_env_cleanup_hook(env, [](void* queue) { static_cast<QueueThread*>(queue)->stop(); }, this);
  thread_ = std::thread([this] { work(); });
}

QueueThread::~QueueThread() { stop(); }

Napi::Value QueueThread::push(Napi::Env env, std::function<void()> run, std::function<Napi::Value(Napi::Env)> settle) {
  auto job = std::make_unique<Job>(env);
  job->run = std::move(run);
  job->settle = std::move(settle);
  const Napi::Promise promise = job->deferred.Promise();
  if (open_++ == 0) napi_ref_threadsafe_function(env, call_back_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  wake_.notify_one();
  return promise;
}

void QueueThread::run(Job& job) {
  const at::ThreadLocalStateGuard guard(job.state);
  if (at::get_num_threads() != job.threads) at::set_num_threads(job.threads);
  // The autocast nesting is not part of the state; without it the cached casts of the weights would outlive the job.
  at::autocast::increment_nesting();
  try {
    job.run();
  } catch (...) {
    job.failure = std::current_exception();
  }
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

void QueueThread::work() {
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    run(*job);
    // Never blocks: the queue of the thread-safe function is unbounded. If the environment ends in the meantime,
    // settle() is called without one and frees the job.
    Job* done = job.release();
    if (napi_call_threadsafe_function(call_back_, done, napi_tsfn_nonblocking) != napi_ok) delete done;
  }
}

void QueueThread::settle(napi_env raw_env, napi_value, void* context, void* data) {
  const std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (raw_env == nullptr) return;
  const Napi::Env env(raw_env);
  const Napi::HandleScope scope(env);
  auto* queue = static_cast<QueueThread*>(context);
  if (--queue->open_ == 0) napi_unref_threadsafe_function(env, queue->call_back_);
  try {
    try {
      if (job->failure) std::rethrow_exception(job->failure);
      job->deferred.Resolve(job->settle(env));
    } catch (const Napi::Error& error) {
      job->deferred.Reject(error.Value());
    } catch (const std::exception& error) {
      job->deferred.Reject(to_js_error(env, error).Value());
    }
  } catch (const Napi::Error&) {
    // worker.terminate() was called in the meantime: JavaScript can no longer run, and nothing awaits the promise.
  }
}

void QueueThread::halt() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void QueueThread::stop() {
  if (call_back_ == nullptr) return;
  halt();
  waiting_.clear();
  napi_release_threadsafe_function(call_back_, napi_tsfn_abort);
  call_back_ = nullptr;
}

Napi::Value enqueue(Napi::Env env, std::function<void()> run, std::function<Napi::Value(Napi::Env)> settle) {
  Environment& state = environment(env);
  if (!state.queue) state.queue = std::make_shared<QueueThread>(env);
  return state.queue->push(env, std::move(run), std::move(settle));
}

namespace {

Napi::Value halt_queue(const Napi::CallbackInfo& info) {
  const Environment& state = environment(info.Env());
  if (state.queue) state.queue->halt();
  return info.Env().Undefined();
}

}  // namespace

void init_queue(Napi::Env env, Napi::Object exports) {
  exports.Set("haltQueue", Napi::Function::New(env, halt_queue, "haltQueue"));
}

}  // namespace nodule
