/* `ledger verify | backup | export`: works on the file, with or without a proxy. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli_admin.h"
#include "base/json_write.h"
#include "record/ledger_file.h"

enum {
    MEMORY_MAX = 32 * 1024 * 1024,
    ANSWER_MAX = 65536,
};

static int usage(void)
{
    (void)fputs("countermark: usage: ledger verify [PATH] | backup FILE [PATH] | export "
                "[PATH]\n",
                stderr);
    return CLI_USAGE;
}

/* A directory holds `ledger.db`. */
static const char *file_of(struct arena *arena, const char *path)
{
    struct stat found;
    size_t size = strlen(path) + sizeof("/ledger.db");

    if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode)) {
        return path;
    }
    char *joined = arena_alloc(arena, size);
    if (joined != NULL) {
        (void)snprintf(joined, size, "%s/ledger.db", path);
    }
    return joined;
}

static int say_fault(const struct cli_call *call, const struct fault *fault, int code)
{
    struct json_write json;

    json_write_init(&json, ANSWER_MAX);
    json_write_begin_object(&json);
    json_write_member_bool(&json, "ok", false);
    json_write_member(&json, "error", span_of(fault->text));
    json_write_end_object(&json);
    if (call->json) {
        (void)printf("%.*s\n", SPAN_ARGS(json_write_result(&json)));
    }
    json_write_free(&json);
    (void)fprintf(stderr, "countermark: %s\n", fault->text);
    return code;
}

static void show_progress(unsigned percent)
{
    (void)fprintf(stderr, "\r%3u %%%s", percent, percent == 100 ? "\n" : "");
}

/* Somebody looks on. */
static bool is_watched(const struct cli_call *call)
{
    return isatty(STDERR_FILENO) == 1 && !call->json;
}

static int verify(const struct cli_call *call, const char *path)
{
    struct fault fault = {{0}};
    struct ledger_file_chain chain;
    enum err err =
        ledger_file_verify(path, is_watched(call) ? show_progress : NULL, &chain, &fault);

    if (err != ERR_NONE) {
        bool missing = access(path, R_OK) != 0;
        return say_fault(call, &fault, missing ? CLI_USAGE : CLI_NO);
    }
    if (call->json) {
        (void)printf("{\"ok\":true,\"rows\":%llu,\"people\":%s,\"head\":\"%s\"}\n",
                     (unsigned long long)chain.rows, chain.people ? "true" : "false",
                     chain.head);
    } else {
        (void)printf("%s: %llu rows, nothing was changed%s\nhead %s\n", path,
                     (unsigned long long)chain.rows,
                     chain.people ? "" : " (values of people: no key beside it)",
                     chain.head);
    }
    return CLI_DONE;
}

static int backup(const struct cli_call *call, const char *path, const char *target)
{
    struct fault fault = {{0}};
    enum err err =
        ledger_file_backup(path, target, is_watched(call) ? show_progress : NULL, &fault);

    if (err != ERR_NONE) {
        return say_fault(call, &fault, CLI_USAGE);
    }
    if (call->json) {
        (void)puts("{\"ok\":true}");
    } else {
        (void)printf("copied to %s\n", target);
    }
    return CLI_DONE;
}

static int export(const struct cli_call *call, const char *path)
{
    struct fault fault = {{0}};
    enum err err = ledger_file_export(path, stdout, &fault);

    return err == ERR_NONE ? CLI_DONE : say_fault(call, &fault, CLI_USAGE);
}

static int run(const struct cli_call *call, struct arena *arena, size_t path_index)
{
    const char *path = call->words[path_index];
    int code = CLI_DONE;

    if (path == NULL) {
        code = cli_admin_find_ledger(call, arena, &path);
    } else {
        path = file_of(arena, path);
    }
    if (code != CLI_DONE || path == NULL) {
        return code != CLI_DONE ? code : CLI_NO;
    }
    if (strcmp(call->word, "verify") == 0) {
        return verify(call, path);
    }
    return path_index == 2 ? backup(call, path, call->words[1]) : export(call, path);
}

int cli_ledger(const struct cli_call *call)
{
    size_t path_index = 1;

    if (call->word == NULL) {
        return usage();
    }
    if (strcmp(call->word, "backup") == 0) {
        path_index = 2;
    } else if (strcmp(call->word, "verify") != 0 && strcmp(call->word, "export") != 0) {
        return usage();
    }
    if (call->word_count < path_index || call->word_count > path_index + 1) {
        return usage();
    }
    struct arena *arena = arena_new(MEMORY_MAX);
    int code = arena != NULL ? run(call, arena, path_index) : CLI_NO;
    arena_free(&arena);
    return code;
}
