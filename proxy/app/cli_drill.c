/* `drill`: begins one, waits until it is done, says what arrived. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli_admin.h"
#include "base/parse.h"

enum {
    POLL_MS = 100,
    WAIT_MS = 30000, /* For everything but the time that the feature is down. */
};

/* What the drill has come to; there is one command in a process. */
static struct {
    bool done;
    bool passed;
} drill;

static void write_order(const struct cli_call *call, struct json_write *out)
{
    uint64_t seconds = 0;

    json_write_begin_object(out);
    if (call->feature != NULL) {
        json_write_member(out, "feature", span_of(call->feature));
    }
    if (call->path != NULL) {
        json_write_member(out, "path", span_of(call->path));
    }
    if (call->take_down != NULL &&
        parse_u64(span_of(call->take_down), &seconds) == ERR_NONE) {
        json_write_member_u64(out, "take_down", seconds);
    }
    if (call->reason != NULL) {
        json_write_member(out, "reason", span_of(call->reason));
    }
    json_write_end_object(out);
}

static bool is_true(const struct json_tree *map, const char *name)
{
    return span_equal(json_tree_text(map, name, "false"), SPAN("true"));
}

static void read_state(const struct json_tree *answer)
{
    drill.done = span_equal(json_tree_text(answer, "state", ""), SPAN("done"));
    drill.passed = is_true(answer, "passed");
}

/* One line: what, whether and when it arrived, and what there is to say about it. */
static void print_line(const char *what, const struct json_tree *part, const char *label,
                       struct span value)
{
    cli_admin_print_text(span_of(what), 34);
    if (is_true(part, "arrived")) {
        (void)printf(" after ");
        cli_admin_print_text(json_tree_text(part, "after_ms", "-"), 0);
        (void)printf(" ms");
    } else {
        (void)printf(" NO");
    }
    if (value.len > 0) {
        (void)printf("  %s ", label);
        cli_admin_print_text(value, 0);
    }
    (void)fputc('\n', stdout);
}

static void print_alerts(const struct json_tree *list)
{
    char what[96];

    if (list == NULL || list->first == NULL) {
        (void)puts("no receiver of alerts is to get incident.opened");
        return;
    }
    for (const struct json_tree *item = list->first; item != NULL; item = item->next) {
        struct span name = json_tree_text(item, "alert", "-");
        (void)snprintf(what, sizeof(what), "incident.opened at %.*s", SPAN_ARGS(name));
        print_line(what, item, "", json_tree_text(item, "error", ""));
    }
}

static void print_drill(const struct json_tree *answer)
{
    const struct json_tree *refused = json_tree_member(answer, "refused");
    const struct json_tree *recorded = json_tree_member(answer, "recorded");
    const struct json_tree *down = json_tree_member(answer, "down");
    struct span error = json_tree_text(answer, "error", "");

    (void)printf("drill of feature ");
    cli_admin_print_text(json_tree_text(answer, "feature", "-"), 0);
    (void)printf(" with GET ");
    cli_admin_print_text(json_tree_text(answer, "path", "-"), 0);
    (void)fputc('\n', stdout);
    if (error.len > 0) {
        cli_admin_print_text(error, 0);
        (void)fputc('\n', stdout);
    }
    print_line("refused", refused, "status", json_tree_text(refused, "status", ""));
    print_line("in the ledger", recorded, "incident",
               json_tree_text(recorded, "incident", ""));
    print_alerts(json_tree_member(answer, "alerts"));
    if (down != NULL) {
        print_line("feature down", down,
                   "for seconds:", json_tree_text(down, "for_s", ""));
        print_line("feature up again", json_tree_member(answer, "up"), "",
                   (struct span){0});
    }
    (void)puts(is_true(answer, "passed") ? "everything arrived"
                                         : "NOT everything arrived");
}

static void rest(void)
{
    const struct timespec wait = {.tv_nsec = POLL_MS * 1000000L};
    (void)nanosleep(&wait, NULL);
}

/* False: reported. */
static bool read_seconds(const struct cli_call *call, uint64_t *seconds_out)
{
    *seconds_out = 0;
    if (call->take_down != NULL &&
        (parse_u64(span_of(call->take_down), seconds_out) != ERR_NONE ||
         *seconds_out == 0 || *seconds_out > 3600)) {
        (void)fputs("countermark: --take-down is a number of seconds from 1 to 3600\n",
                    stderr);
        return false;
    }
    return true;
}

int cli_drill(const struct cli_call *call)
{
    struct cli_admin begin = {.call = call,
                              .method = "POST",
                              .target = "/api/v1/drill",
                              .write_body = write_order,
                              .reads = true,
                              .print = read_state};
    struct cli_admin look = {.call = call,
                             .method = "GET",
                             .target = "/api/v1/drill",
                             .reads = true,
                             .print = read_state};
    uint64_t seconds = 0;

    if (!read_seconds(call, &seconds)) {
        return CLI_USAGE;
    }
    int code = cli_admin_run(&begin);
    if (code == CLI_DONE && !drill.done) {
        cli_admin_say_waiting(call, "all of it to arrive");
    }
    for (uint64_t waited = 0;
         code == CLI_DONE && !drill.done && waited < WAIT_MS + seconds * 1000;
         waited += POLL_MS) {
        rest();
        code = cli_admin_run(&look);
    }
    if (code != CLI_DONE) {
        return code;
    }
    bool passed = drill.done && drill.passed;
    look.reads = !call->json;
    look.print = print_drill;
    code = cli_admin_run(&look);
    return code == CLI_DONE && !passed ? CLI_NO : code;
}
