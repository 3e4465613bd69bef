// Work off the JavaScript thread, behind a promise: one thread for each environment, which does its jobs in the order
// of the calls. Node's own thread pool would run two jobs of one environment at once and in any order.
#pragma once

#include <napi.h>

#include <functional>

namespace nodule {

// Calls `run` on the queue's thread, with the caller's grad mode, autocast and number of threads, then `settle` on the
// JavaScript thread, whose value the promise takes. An exception of either rejects it. What the two hold (tensors,
// references) is let go on the JavaScript thread after that. Where the environment ends first, jobs that have not begun
// are dropped, and the one that runs is waited for.
Napi::Value enqueue(Napi::Env env, std::function<void()> run, std::function<Napi::Value(Napi::Env)> settle);

void init_queue(Napi::Env env, Napi::Object exports);

}  // namespace nodule
