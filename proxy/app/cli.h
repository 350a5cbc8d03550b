/**
 * The commands: one table, one function each, and what their arguments have in common.
 *
 * Layer: app. Rows come from cli.def; main.c calls cli_main() and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "app/config.h"

/** Exit codes (product.md section 11). */
enum cli_exit {
    CLI_DONE = 0,
    CLI_NO = 1,          /**< The answer is no. */
    CLI_USAGE = 2,       /**< Usage or configuration. */
    CLI_UNREACHABLE = 3, /**< No proxy answers. */
};

enum {
    CLI_FLAGS_MAX = 256,
    CLI_WORDS_MAX = 4,
    CLI_PATH_SIZE_MAX = 1024,
};

/** What a command takes besides --help. */
enum cli_takes {
    CLI_TAKES_OPTIONS = 1U << 0,    /**< Every flag of the configuration, and --config. */
    CLI_TAKES_SOCKET = 1U << 1,     /**< --config, --admin-socket, --json. */
    CLI_TAKES_REASON = 1U << 2,     /**< --reason, needed. */
    CLI_TAKES_ANYWAY = 1U << 3,     /**< --anyway. */
    CLI_TAKES_WORD = 1U << 4,       /**< One word, needed. */
    CLI_TAKES_WORD_MAYBE = 1U << 5, /**< One word at most. */
    CLI_TAKES_LOGIN = 1U << 12,     /**< --login, needed. */
    CLI_TAKES_DRILL = 1U << 15,     /**< --feature, --take-down, --path. */
    CLI_TAKES_FOR = 1U << 13,       /**< --for. */
    CLI_TAKES_PRINT = 1U << 6,      /**< --print-reference, --print-schema. */
    CLI_TAKES_WORDS = 1U << 7,      /**< Several words; the command counts them. */
    CLI_TAKES_REPORT = 1U << 8,     /**< --format, --lang, --from, --to, --reveal. */
    CLI_TAKES_AT = 1U << 14,        /**< --at. */
    CLI_TAKES_ACCEPT = 1U << 10,    /**< --accept-weaker. */
    CLI_TAKES_CHECK = 1U << 11,     /**< --against, --log, --strict, --json. */
    CLI_TAKES_REASON_MAYBE = 1U << 9, /**< --reason; the command knows when. */
};

/** The arguments of one call; everything points into argv. */
struct cli_call {
    char *const *argv; /**< Of the process, whole. */
    bool json;
    bool anyway;
    bool print_reference;
    bool print_schema;
    const char
        *config_path; /**< --config, or the default file if there is one; or NULL. */
    const char *admin_socket;
    const char *reason;
    const char *accept_weaker;
    const char *against;
    const char *log;
    bool strict;
    const char *login;
    const char *feature;
    const char *take_down;
    const char *path;
    const char *at;
    const char *format;
    const char *lang;
    const char *from;
    const char *to;
    bool reveal;
    const char *word;                 /**< The first. */
    const char *words[CLI_WORDS_MAX]; /**< All of them; NULL past the last. */
    size_t word_count;
    const char *duration; /**< --for */
    struct config_flag flags[CLI_FLAGS_MAX];
    size_t flag_count;
    char state_default[CLI_PATH_SIZE_MAX]; /**< Where state lives when nothing says it. */
};

typedef int cli_run_fn(const struct cli_call *call);

struct cli_command {
    const char *name;
    cli_run_fn *run;
    unsigned takes; /**< enum cli_takes */
    const char *usage;
    const char *sentence;
};

/** Finds the command, reads its arguments, runs it. Returns the exit code. */
int cli_main(int argc, char **argv);

/** The configuration source of a call; valid as long as `call`. */
struct config_source cli_source(const struct cli_call *call);

/* The commands of cli.def. */
#define COMMAND(name, run, takes, usage, sentence) int run(const struct cli_call *call);
#include "app/cli.def"
#undef COMMAND
