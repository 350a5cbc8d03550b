/**
 * One thread's event loop, with what all its connections share.
 *
 * Layer: net. Owned by the thread that made it; others reach it through a mailbox.
 * Holds the read buffer that idle connections read into and the wheel of deadlines.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "net/timer.h"

enum {
    LOOP_READ_SIZE = 65536, /**< Bytes of the shared read buffer. */
};

struct loop;

/** Work that waits for the next round, embedded in whose work it is. */
struct loop_task {
    struct list_link link;
    void (*run)(struct loop_task *self);
};

/**
 * The caller frees it with loop_free() after all its streams have closed. NULL: memory.
 * From the first one on the process ignores SIGPIPE.
 */
struct loop *loop_new(void);

/** Closes what is left, runs the close callbacks, frees. */
void loop_free(struct loop **self_p);

/** Runs until loop_stop(). */
void loop_run(struct loop *self);

/** Handles what is ready, waiting at most for the next event. For tests. */
void loop_step(struct loop *self);

/** Handles what is ready and does not wait. */
void loop_poll(struct loop *self);

/** Lets loop_run() return after the current round. */
void loop_stop(struct loop *self);

/** Number of the round that runs: what is ready is asked for once a round. */
uint64_t loop_turn(const struct loop *self);

/**
 * True when round `turn` still runs and has asked only once what is ready: a byte that is
 * read now was there when the round began. False: it is over, or that cannot be told.
 */
bool loop_in_turn(const struct loop *self, uint64_t turn);

/** Something was read or written; for stream.c. */
void loop_note_event(struct loop *self);

/** Milliseconds of a monotonic clock, read once per round. */
uint64_t loop_now_ms(const struct loop *self);

/** Microseconds of the same clock, read now. */
uint64_t loop_clock_us(void);

/** Microseconds of the same clock, read once per round, when something of it is handled
 * first: what was ready when the round began has waited since then. */
uint64_t loop_round_us(struct loop *self);

/** Unix milliseconds, read once per round (advanced by the monotonic clock). */
uint64_t loop_unix_ms(struct loop *self);

/** The wheel of this loop's deadlines. */
struct wheel *loop_wheel(struct loop *self);

/** The loop's uv_loop_t, for modules of net/. */
void *loop_handle(struct loop *self);

/** LOOP_READ_SIZE bytes, valid within one callback. */
uint8_t *loop_read_buffer(struct loop *self);

/** Runs `task` once in the next round; again is fine. */
void loop_defer(struct loop *self, struct loop_task *task);

/** Takes it back, before its memory goes. */
void loop_forget(struct loop_task *task);

/** What secure connections share (net/secure.h): made by the first, freed with the loop.
 */
void **loop_shared(struct loop *self);
