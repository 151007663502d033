#pragma once
#include <stddef.h>
#include <stdint.h>

// The entry of libFuzzer for programs that have a main of their own (LLVM documentation, "libFuzzer", "Using libFuzzer
// as a library").
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
