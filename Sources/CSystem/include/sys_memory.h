// Memory whose allocation may fail without ending the process, and the library's last resort.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Called by the compiler where a checked operation failed (see -trap-function): a defect of this library.
/// Says so on standard error and aborts; there is no unwinding that could save the caller.
_Noreturn void sys_trap(void);

/// 1 where not even some hundred kilobytes can be had now, else 0.
int sys_is_memory_short(void);

/// Overwrites a secret in a way that the optimiser must keep.
void sys_zero(void *bytes, size_t len);
