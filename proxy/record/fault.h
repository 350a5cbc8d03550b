/**
 * What is wrong with the state directory or the ledger, in words for an operator.
 *
 * Layer: record. A value: filled where the fault is found, printed where the program
 * stops. Says what was found and what to do.
 */
#pragma once

enum {
    FAULT_SIZE_MAX = 640,
};

struct fault {
    char text[FAULT_SIZE_MAX];
};

/** Formats into `self`, which may be NULL. */
void fault_set(struct fault *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** `errno` as text in a buffer of the calling thread's own. */
const char *fault_errno_text(int error, char *buffer, unsigned long capacity);
