/**
 * What the admin interface answers: one row of api.def for each method and path.
 *
 * Layer: admin. No I/O of its own: facts come from struct admin_control, answers go into
 * struct answer. A call is admitted when its head is there and run when its body is, so
 * nobody without the right uploads anything.
 */
#pragma once

#include <stdbool.h>

#include "admin/access.h"
#include "admin/answer.h"
#include "admin/control.h"
#include "admin/feed.h"
#include "admin/operation.h"
#include "base/stats.h"
#include "http/head.h"

enum {
    API_NAME_SIZE_MAX = 256, /**< Of a path's variable segment, decoded, with NUL. */
};

/** Where a request comes from; the same for all of one connection. */
struct api_origin {
    bool local;             /**< The Unix socket: an operator, no Host rule. */
    bool secure;            /**< TLS: a browser has checked our name, no Host rule. */
    const char *user;       /**< Of a local peer. */
    struct address address; /**< Where we listen, when not local. */
};

/** What an answer is made from; borrowed for the call. */
struct api_context {
    const struct admin_control *control;
    struct stats *stats;
    const struct access *access;
    struct operations *operations;
    struct feeds *feeds;
    const char *policy; /**< Of the console, see console_policy(). */
};

struct api_call;

/** Makes the answer, or starts `call->operation` and leaves the answer unmade. With
 * `call->feed` the answer is the head of what follows. */
typedef void api_fn(struct api_call *call);

/** One request. The caller sets what stands first and keeps it until the answer. */
struct api_call {
    const struct api_context *context;
    const struct api_origin *origin;
    const struct head *head;
    struct answer *answer;
    void (*on_done)(void *owner); /**< An operation is done: api_finish() it. */
    void *owner;

    /* Set by api_admit(). */
    api_fn *run;
    enum access_role role;
    char who[ACCESS_NAME_SIZE_MAX];
    char name[API_NAME_SIZE_MAX];
    struct span query;

    /* For api_run(). */
    struct span body;
    struct operation *operation; /**< Under way while not NULL; the caller's. */
    struct feed *feed;           /**< Begun when not NULL; the caller's. */
};

/** Judges the head. False: refused, and the answer says why. */
MUST_USE bool api_admit(struct api_call *self);

/** Runs an admitted call. The answer is made, or an operation is under way. */
void api_run(struct api_call *self);

/** Makes the answer of an operation that is done. */
void api_finish(struct operation *operation, struct answer *answer);

/** Of one for a report; takes its page. */
void api_finish_report(struct operation *operation, struct answer *answer);

/** Whether the configuration in force has the feature. */
bool api_is_feature(const struct admin_control *control, const char *name);

/** Decodes one segment of a path to API_NAME_SIZE_MAX bytes with a NUL. False: malformed,
 * too long, empty, or with a NUL. */
bool api_decode(struct span segment, char *name_out);

/** Finds the value of `name` in a query; values are not decoded. False: absent. */
bool api_query(struct span query, struct span name, struct span *value_out);

/* The functions of api.def. */
#define API(method, path, role, function) void function(struct api_call *call);
#include "admin/api.def"
#undef API
