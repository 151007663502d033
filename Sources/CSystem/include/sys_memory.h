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

/// Writes a finite number as JSON, so that it reads back the same, and returns how many bytes that took, at most 31.
size_t sys_number_text(double number, char text[_Nonnull 32]);

/// Overwrites a secret in a way that the optimiser must keep.
void sys_zero(void *_Nullable bytes, size_t len);

/// A copy of a secret on pages of its own, which are left out of core dumps; NULL for none, or without memory.
uint8_t *_Nullable sys_secret_new(const void *_Nullable bytes, size_t len);
/// Overwrites it and gives its pages back; `len` as it was made with.
void sys_secret_free(void *_Nullable secret, size_t len);
