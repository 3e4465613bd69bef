// Work off the JavaScript thread, behind a promise: one thread per environment, which runs its jobs in the order of the
// calls. Node's own thread pool would run two jobs of one environment at once and in any order.
#pragma once

#include <napi.h>

#include <functional>

namespace nodule {

// Calls `run` on the queue's thread, with the caller's grad mode, autocast and number of threads, then `settle` on the
// JavaScript thread; the promise resolves with its result. An exception in either rejects it. What the two functions
// hold (tensors, references) is released on the JavaScript thread after that. If the environment ends first, jobs that
// have not started are dropped, and the running one is waited for.
Napi::Value enqueue(Napi::Env env, std::function<void()> run, std::function<Napi::Value(Napi::Env)> settle);

void init_queue(Napi::Env env, Napi::Object exports);

}  // namespace nodule
