// libstdc++'s reference counts ask glibc 2.32's flag whether they need atomics. This one, seen by this file's library
// only, says always: an older glibc has none, and a process with libtorch has threads.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
