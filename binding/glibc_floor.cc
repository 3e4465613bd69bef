// libstdc++ reads this flag, which glibc has since 2.32, to decide whether reference counts need atomics. This copy is
// visible only in the library it is linked into and always asks for them: older glibc versions lack the flag, and a
// process with libtorch has threads.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
