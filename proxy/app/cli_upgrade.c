/* `upgrade`: begins one, and waits until the next process serves. */
#include <stdio.h>
#include <time.h>

#include "app/cli_admin.h"

enum {
    POLL_MS = 100,
    WAIT_MS = 120000,
    GONE_MAX = 50, /* Times in a row that nobody answers, before that is the answer. */
};

/* What it has come to; there is one command in a process. */
static struct {
    bool running;
    bool failed;
} upgrade;

static void read_state(const struct json_tree *answer)
{
    struct span state = json_tree_text(answer, "state", "");

    upgrade.running = span_equal(state, SPAN("running"));
    upgrade.failed = span_equal(state, SPAN("failed"));
}

static void print_upgrade(const struct json_tree *answer)
{
    if (upgrade.failed) {
        (void)printf("failed: ");
        cli_admin_print_text(json_tree_text(answer, "error", "-"), 0);
        (void)printf("\nprocess ");
        cli_admin_print_text(json_tree_text(answer, "pid", "-"), 0);
        (void)puts(" goes on serving");
        return;
    }
    (void)printf("process ");
    cli_admin_print_text(json_tree_text(answer, "pid", "-"), 0);
    (void)printf(" serves, version ");
    cli_admin_print_text(json_tree_text(answer, "version", "-"), 0);
    (void)printf("; process ");
    cli_admin_print_text(json_tree_text(answer, "predecessor", "-"), 0);
    (void)puts(" ends what it has under way");
}

static void rest(void)
{
    const struct timespec wait = {.tv_nsec = POLL_MS * 1000000L};
    (void)nanosleep(&wait, NULL);
}

/* The connection may break in the moment in which the socket changes hands. */
static int look_until_done(struct cli_admin *look)
{
    unsigned gone = 0;
    int code = CLI_DONE;

    for (unsigned waited = 0; upgrade.running && waited < WAIT_MS; waited += POLL_MS) {
        rest();
        look->patient = gone + 1 < GONE_MAX;
        code = cli_admin_run(look);
        gone = code == CLI_UNREACHABLE ? gone + 1 : 0;
        if (code != CLI_DONE && (code != CLI_UNREACHABLE || gone == GONE_MAX)) {
            return code;
        }
    }
    look->patient = false;
    return code == CLI_UNREACHABLE ? cli_admin_run(look) : code;
}

int cli_upgrade(const struct cli_call *call)
{
    struct cli_admin begin = {.call = call,
                              .method = "POST",
                              .target = "/api/v1/upgrade",
                              .reads = true,
                              .print = read_state};
    struct cli_admin look = {.call = call,
                             .method = "GET",
                             .target = "/api/v1/upgrade",
                             .reads = true,
                             .print = read_state};

    int code = cli_admin_run(&begin);
    if (code == CLI_DONE) {
        cli_admin_say_waiting(call, "the next process to serve");
        code = look_until_done(&look);
    }
    if (code != CLI_DONE) {
        return code;
    }
    look.reads = !call->json;
    look.print = print_upgrade;
    code = cli_admin_run(&look);
    return code == CLI_DONE && (upgrade.failed || upgrade.running) ? CLI_NO : code;
}
