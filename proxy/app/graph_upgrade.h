/**
 * The upgrade of the binary, as the process that serves goes through it.
 *
 * Layer: app. Part of the graph, on the control thread; successor.h has the picture. From
 * STARTING to HANDING the old process serves alone and whatever fails leaves it as it
 * was. From DONE on it accepts nothing, ends what is under way and then itself. The two
 * share memory (common.h) and the ledger (record/recorder_house.h) from the first moment
 * to the last, so that nothing depends on which of them has an exchange.
 */
#pragma once

#include <sys/types.h>

#include "base/json_write.h"
#include "net/timer.h"
#include "record/recorder.h"

struct graph;

enum upgrade_step {
    UPGRADE_NONE,
    UPGRADE_STARTING, /**< The successor opens what it needs. */
    UPGRADE_MOVING,   /**< Our recorder gives the house away. */
    UPGRADE_HANDING,  /**< The successor starts to serve, and we do. */
    UPGRADE_DONE,     /**< It serves; we end. */
    UPGRADE_FAILED,   /**< The last one; we go on. */
};

struct graph_upgrade {
    struct graph *graph;
    enum upgrade_step step;
    int fd;                   /* To the successor; valid while one is there. */
    pid_t pid;                /* 0: it has ended. */
    uint64_t until_ms;        /* Of the loop: when to give it up. */
    bool asked_house;         /* The house is given away, or will be. */
    bool house_out;           /* The recorder has `house`. */
    struct deadline deadline; /* When to look again. */
    struct control_ticket house;
    char error[256];
};

/** Begins one for `who`; a sentence: why not. As struct admin_control has it. */
const char *graph_upgrade(void *context, const char *who);

/** One object: how far it is, or what this process came from. */
void graph_upgrade_state(void *context, struct json_write *out);

/** True from the first step to the last: what reloads and drills keep out of. */
bool graph_upgrading(const struct graph *self);

/** In the successor, once it serves: what it has from the process before. */
void graph_take_over(struct graph *self);

/** In the successor, now and then: notices that it is alone. */
void graph_watch_predecessor(struct graph *self);

/** graph_upgrade_offer.c: sends all that a successor is handed; one that does not read it
 * ends by itself. */
void graph_upgrade_offer(struct graph *graph, int fd);

/** Ends a successor that does not serve yet, and forgets it. */
void graph_upgrade_end(struct graph *self);
