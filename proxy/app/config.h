/**
 * The configuration: a file and flags in, one immutable snapshot or every error out.
 *
 * Layer: app. Keys, types, limits and defaults are the rows of options.def; nothing here
 * names a key. A configuration is refused whole: there is no snapshot with errors. The
 * snapshot's memory belongs to `site` and ends with its last holder, so every string here
 * is valid as long as somebody holds `site`. Secrets in it are wiped at its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/report.h"
#include "guard/feature.h"
#include "record/alert_route.h"
#include "relay/site.h"

struct alert_settings;
struct tls_certificate;
struct tls_tickets;

enum access_log_kind {
    ACCESS_LOG_OFF,
    ACCESS_LOG_STDOUT,
    ACCESS_LOG_FILE,
};

struct access_log_settings {
    enum access_log_kind kind;
    char *path; /**< Of ACCESS_LOG_FILE; NULL else. */
};

enum admin_role {
    ADMIN_VIEWER, /**< Zero: may only look. */
    ADMIN_OPERATOR,
};

enum {
    ADMIN_TOKEN_HASH_SIZE = 32,
};

/** `admin.tokens:`, one item. The token itself is not kept. */
struct admin_token {
    char *name;
    enum admin_role role;
    uint8_t hash[ADMIN_TOKEN_HASH_SIZE]; /**< SHA-256 of the token. */
};

/** `admin:` */
struct admin_settings {
    char *socket;         /**< Path of the Unix socket; never NULL in a snapshot. */
    unsigned socket_mode; /**< Of its file: permission bits. */
    char *host;           /**< Address without brackets; NULL: no TCP listener. */
    uint16_t port;
    char url[ALERT_CONSOLE_SIZE_MAX];     /**< Of the console, for people; "": unknown. */
    bool loopback;                        /**< `host` is one of this machine only. */
    struct tls_context *tls;              /**< NULL: without TLS. */
    struct tls_certificate *certificates; /**< While it is read. */
    size_t certificate_count;
    struct admin_token *tokens;
    size_t token_count;
};

struct config {
    struct listen_settings *listens;
    size_t listen_count;
    char *state; /**< The state directory. */
    struct access_log_settings access_log;
    struct alert_settings *alerts; /**< notify/alert.h */
    size_t alert_count;
    struct admin_settings admin;
    char *user;          /**< Who to become when started by root; NULL: nobody else. */
    unsigned workers;    /**< 0: one per core. */
    uint64_t ledger_max; /**< Bytes. */
    uint64_t retention_ms;
    struct site *site;
    char hash[65];    /**< The same as `site->hash`. */
    char *path;       /**< The file that was read; NULL: flags alone. */
    uint64_t *notes;  /**< By row of the table of options: a digest of its values. */
    struct span kept; /**< What app/kept.h keeps of it; empty: too large. */
};

/** One flag as given: `--name value` or `--name=value`. */
struct config_flag {
    const char *name; /**< Without the dashes. */
    const char *value;
};

/** Where a configuration comes from; everything is borrowed. */
struct config_source {
    const char *path; /**< NULL: no file. */
    bool lint;        /**< Also tell what is valid and may not be meant (app/lint.h). */
    struct span kept; /**< Instead of file and flags: what app/kept.h kept. */
    const struct config_flag *flags;
    size_t flag_count;
    const char *state_default; /**< Where state lives when no key says it. */
};

/**
 * Reads, checks and compiles a configuration.
 *
 * `features`: gives each feature its slot, by name; slots of names that are new are made
 *             only when the configuration is accepted.
 * `report`:   empty; takes every error and warning, in the order of the file.
 * Owns:   the caller ends the result with config_free().
 * Errors: NULL, and `report` has at least one error.
 */
struct config *config_load(const struct config_source *source,
                           struct feature_table *features, struct report *report);

/** Lets go of the snapshot (site_unref) and sets NULL. NULL is fine. */
void config_free(struct config **self_p);

/** Sessions of all its addresses are resumed with `tickets`, which must outlive it. */
void config_set_tickets(struct config *self, struct tls_tickets *tickets);

/** True when some option has the flag `name` (without dashes). */
bool config_has_flag(const char *name);
