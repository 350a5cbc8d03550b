/**
 * What the commands that talk to a running proxy have in common.
 *
 * Layer: app.
 */
#pragma once

#include "app/cli.h"
#include "app/json_tree.h"
#include "base/json_write.h"

/** One call of the API. */
struct cli_admin {
    const struct cli_call *call;
    const char *method;
    const char *target;        /**< `/api/v1/...` */
    const char *reason;        /**< Sent as {"reason": ...}; NULL: no body. */
    const char *login;         /**< Sent as {"login": ...}; NULL: not. */
    const char *text;          /**< Sent as {"text": ...}; NULL: not. */
    const char *accept_weaker; /**< Sent as {"accept_weaker": ...}; NULL: not. */
    bool anyway;               /**< Sent as {"anyway": true}. */
    bool raw;                  /**< The answer is printed as it is. */
    int timeout_ms;            /**< 0: the usual one. */
    const char *mode;          /**< Sent as {"mode": ...} with the reason; or NULL. */
    const char *duration;      /**< Sent as {"for": ...} with the reason; or NULL. */
    const char *at;            /**< Sent with the reason as {"at": ...}; NULL: not. */
    const char *alert;         /**< Sent as {"alert": ...}; NULL: not. */
    /** Writes what is sent instead of all these; or NULL. */
    void (*write_body)(const struct cli_call *call, struct json_write *out);
    bool patient; /**< Nothing is said when nobody answers: the caller asks again. */
    bool reads;   /**< `print` only reads the answer, and gets it in any case. */
    void (*print)(const struct json_tree *answer); /**< For people. */
};

/**
 * Calls, prints the answer (JSON when asked for) or the problem, returns the exit code.
 */
int cli_admin_run(const struct cli_admin *self);

/** Says on a terminal, to whoever looks on, what takes its time. */
void cli_admin_say_waiting(const struct cli_call *call, const char *what);

/** `incidents close ID`. */
int cli_close_incident(const struct cli_call *call);

/**
 * Where the ledger is: asked of the proxy, or, when none answers, from the configuration.
 * CLI_DONE and the path in `arena`; else what was wrong is reported.
 */
int cli_admin_find_ledger(const struct cli_call *call, struct arena *arena,
                          const char **path_out);

/** Prints text of the proxy without control bytes, filled up to `width`. */
void cli_admin_print_text(struct span text, int width);

/** Writes `/api/v1/PREFIX/WORD/SUFFIX` with the word percent-encoded. False: too long. */
bool cli_admin_target(char *target_out, size_t capacity, const char *prefix,
                      const char *word, const char *suffix);
