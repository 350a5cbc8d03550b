/**
 * Threads with a name, which `top -H` and /proc/PID/task/N/comm show.
 *
 * Layer: base. The caller joins the thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

enum {
    THREAD_NAME_MAX = 15, /**< Bytes that Linux keeps; longer ones are cut. */
};

/** Runs `run(arg)`. False: the system has no thread to give, and `out` is untouched. */
bool thread_start(pthread_t *out, const char *name, void *(*run)(void *arg), void *arg);
