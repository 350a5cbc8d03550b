/* The commands that change what is up, and those about alerts. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/cli_admin.h"
#include "base/parse.h"

enum {
    TARGET_SIZE_MAX = 512,
    TEST_WAIT_MS = 15000, /* For a receiver to answer. */
    TEST_POLL_MS = 100,
};

static void print_field(const struct json_tree *map, const char *name, int width)
{
    cli_admin_print_text(json_tree_text(map, name, "-"), width);
    (void)fputc(' ', stdout);
}

/* ---- Features ---- */

static void print_feature(const struct json_tree *answer)
{
    print_field(answer, "name", 0);
    if (json_tree_member(answer, "up_at") != NULL) {
        (void)printf("comes up at ");
        cli_admin_print_text(json_tree_text(answer, "up_at", "-"), 0);
        (void)puts(", unless it is taken down again; a restart forgets the time");
        return;
    }
    (void)printf("is ");
    cli_admin_print_text(json_tree_text(answer, "state", "-"), 0);
    (void)fputc('\n', stdout);
}

static int change_feature(const struct cli_call *call, const char *suffix)
{
    char target[TARGET_SIZE_MAX];

    if (!cli_admin_target(target, sizeof(target), "features", call->word, suffix)) {
        (void)fputs("countermark: the name is too long\n", stderr);
        return CLI_USAGE;
    }
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "POST",
                                             .target = target,
                                             .reason = call->reason,
                                             .at = call->at,
                                             .anyway = call->anyway,
                                             .print = print_feature});
}

int cli_down(const struct cli_call *call)
{
    return change_feature(call, "/down");
}

int cli_trial(const struct cli_call *call)
{
    return change_feature(call, "/trial");
}

int cli_up(const struct cli_call *call)
{
    return change_feature(call, "/up");
}

/* ---- Alerts ---- */

static void print_receivers(const struct json_tree *list)
{
    (void)printf("%-20s %-8s %-10s %-12s %s\n", "RECEIVER", "WAITING", "DELIVERED",
                 "UNDELIVERED", "LAST ERROR");
    for (const struct json_tree *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        print_field(item, "alert", 20);
        print_field(item, "waiting", 8);
        print_field(item, "delivered", 10);
        print_field(item, "undelivered", 12);
        cli_admin_print_text(json_tree_text(item, "last_error", ""), 0);
        (void)fputc('\n', stdout);
    }
}

static bool is_done(const struct json_tree *delivery)
{
    return span_equal(json_tree_text(delivery, "state", ""), SPAN("done"));
}

/* False: the receiver wants no more of it (410), or it was given up. */
static bool is_waiting(const struct json_tree *delivery)
{
    return span_equal(json_tree_text(delivery, "state", ""), SPAN("waiting"));
}

static void print_alerts(const struct json_tree *answer)
{
    const struct json_tree *list = json_tree_member(answer, "deliveries");

    print_receivers(json_tree_member(answer, "alerts"));
    (void)printf("\n%-8s %-20s %-18s %-9s %-5s %-6s %-25s %s\n", "ID", "RECEIVER", "TYPE",
                 "STATE", "TRIES", "STATUS", "MADE", "ERROR");
    for (const struct json_tree *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        if (is_done(item)) {
            continue;
        }
        print_field(item, "id", 8);
        print_field(item, "alert", 20);
        print_field(item, "type", 18);
        print_field(item, "state", 9);
        print_field(item, "tries", 5);
        print_field(item, "status", 6);
        print_field(item, "created_at", 25);
        cli_admin_print_text(json_tree_text(item, "error", ""), 0);
        (void)fputc('\n', stdout);
    }
}

static void print_again(const struct json_tree *answer)
{
    print_field(answer, "again", 0);
    (void)puts("undelivered alerts are sent again");
}

static bool is_delivery(const char *word)
{
    uint64_t id = 0;

    return strcmp(word, "all") == 0 ||
           (parse_u64(span_of(word), &id) == ERR_NONE && id != 0);
}

int cli_alerts(const struct cli_call *call)
{
    char target[TARGET_SIZE_MAX];
    struct cli_admin admin = {
        .call = call, .method = "GET", .target = "/api/v1/alerts", .print = print_alerts};

    if (call->word_count > 0) {
        if (call->word_count != 2 || strcmp(call->words[0], "retry") != 0 ||
            !is_delivery(call->words[1]) ||
            !cli_admin_target(target, sizeof(target), "alerts", call->words[1],
                              "/retry")) {
            (void)fputs("usage: countermark alerts [retry ID | retry all]\n", stderr);
            return CLI_USAGE;
        }
        admin.method = "POST";
        admin.target = target;
        admin.print = print_again;
    }
    return cli_admin_run(&admin);
}

/* What a test has come to; there is one command in a process. */
static struct {
    char after[32];
    unsigned waiting;
    unsigned failed;
    unsigned delivered;
    bool last; /* Tell what there is. */
} test;

static void read_after(const struct json_tree *answer)
{
    (void)span_copy(json_tree_text(answer, "after", "0"), test.after, sizeof(test.after));
}

static void tell_delivery(const struct json_tree *delivery)
{
    if (is_done(delivery)) {
        print_field(delivery, "alert", 20);
        (void)puts("arrived");
        return;
    }
    print_field(delivery, "alert", 20);
    (void)printf("did not arrive: ");
    cli_admin_print_text(json_tree_text(delivery, "error", "no answer yet"), 0);
    (void)printf(" (status ");
    cli_admin_print_text(json_tree_text(delivery, "status", "0"), 0);
    (void)puts(is_waiting(delivery) ? "); it is tried again"
                                    : "); it is not tried again");
}

static void read_deliveries(const struct json_tree *answer)
{
    const struct json_tree *list = json_tree_member(answer, "deliveries");

    test.waiting = 0;
    test.failed = 0;
    test.delivered = 0;
    for (const struct json_tree *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        bool tried = !span_equal(json_tree_text(item, "tries", "0"), SPAN("0"));
        if (is_done(item)) {
            test.delivered++;
        } else if (tried) {
            test.failed++;
        } else {
            test.waiting++;
        }
        if (test.last) {
            tell_delivery(item);
        }
    }
}

static void rest(void)
{
    const struct timespec wait = {.tv_nsec = TEST_POLL_MS * 1000000L};
    (void)nanosleep(&wait, NULL);
}

int cli_alert_test(const struct cli_call *call)
{
    char target[TARGET_SIZE_MAX];
    struct cli_admin send = {.call = call,
                             .method = "POST",
                             .target = "/api/v1/alert-test",
                             .alert = call->word != NULL ? call->word : "",
                             .reads = true,
                             .print = read_after};
    struct cli_admin look = {.call = call,
                             .method = "GET",
                             .target = target,
                             .reads = true,
                             .print = read_deliveries};

    int code = cli_admin_run(&send);
    if (code == CLI_DONE) {
        cli_admin_say_waiting(call, "the receivers to answer");
    }
    (void)snprintf(target, sizeof(target), "/api/v1/alerts?type=ping&after=%s",
                   test.after);
    for (int waited = 0; code == CLI_DONE && waited < TEST_WAIT_MS;
         waited += TEST_POLL_MS) {
        code = cli_admin_run(&look);
        if (test.waiting == 0 && test.delivered + test.failed > 0) {
            break;
        }
        rest();
    }
    if (code != CLI_DONE) {
        return code;
    }
    look.reads = call->json ? false : look.reads;
    test.last = !call->json;
    code = cli_admin_run(&look);
    bool arrived = test.delivered > 0 && test.failed + test.waiting == 0;
    return code == CLI_DONE && !arrived ? CLI_NO : code;
}
