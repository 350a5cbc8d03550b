/* The commands that talk to a running proxy, and `version`. */
#include <stdio.h>
#include <string.h>

#include "app/cli_admin.h"

enum { TARGET_SIZE_MAX = 512 };

static void print_field(const struct json_tree *map, const char *name, int width)
{
    struct span text = json_tree_text(map, name, "-");

    cli_admin_print_text(text.len > 0 ? text : SPAN("-"), width);
    (void)fputc(' ', stdout);
}

/* A list; a proxy that was not restarted yet may still tell it as one text. */
static void print_items(const struct json_tree *list)
{
    const struct json_tree *first = list != NULL ? list->first : NULL;

    for (const struct json_tree *item = first; item != NULL; item = item->next) {
        (void)fputs(item != first ? ", " : "", stdout);
        cli_admin_print_text(item->text, 0);
    }
    if (first == NULL) {
        struct span text = list != NULL ? list->text : (struct span){0};
        cli_admin_print_text(text.len > 0 ? text : SPAN("-"), 0);
    }
    (void)fputc(' ', stdout);
}

static void print_labelled(const char *label, const struct json_tree *map,
                           const char *name)
{
    (void)printf("%-18s", label);
    cli_admin_print_text(json_tree_text(map, name, "-"), 0);
    (void)fputc('\n', stdout);
}

static void print_features(const struct json_tree *features)
{
    (void)printf("\n%-20s %-6s %-25s %-10s %s\n", "FEATURE", "STATE", "SINCE", "INCIDENT",
                 "REASON");
    for (const struct json_tree *item = features != NULL ? features->first : NULL;
         item != NULL; item = item->next) {
        print_field(item, "name", 20);
        print_field(item, "state", 6);
        print_field(item, "since", 25);
        print_field(item, "incident", 10);
        cli_admin_print_text(json_tree_text(item, "reason", ""), 0);
        (void)fputc('\n', stdout);
    }
}

/* Somebody has switched everything to observing for a while. */
static void print_glass(const struct json_tree *glass)
{
    if (glass == NULL || glass->first == NULL) {
        return;
    }
    print_labelled("  break-glass until", glass, "until");
    print_labelled("  by", glass, "who");
    print_labelled("  because", glass, "reason");
}

static void print_status(const struct json_tree *status)
{
    const struct json_tree *config = json_tree_member(status, "config");

    print_labelled("version", status, "version");
    print_labelled("mode", status, "mode");
    print_glass(json_tree_member(status, "break_glass"));
    print_labelled("ready", status, "ready");
    print_labelled("workers", status, "workers");
    print_labelled("configuration", config, "hash");
    print_labelled("  loaded", config, "loaded_at");
    print_labelled("incidents open", status, "incidents_open");
    print_labelled("sessions", status, "sessions");
    print_labelled("ledger writes", json_tree_member(status, "ledger"), "ok");
    print_labelled("alerts waiting", json_tree_member(status, "alerts"), "queue");
    print_features(json_tree_member(status, "features"));
}

static void print_incident_line(const struct json_tree *incident)
{
    print_field(incident, "id", 8);
    print_field(incident, "feature", 16);
    print_field(incident, "state", 7);
    print_field(incident, "opened_at", 25);
    print_field(incident, "closed_at", 25);
    print_field(incident, "displays", 9);
    print_field(incident, "cases", 6);
    print_field(incident, "strength", 8);
    print_field(incident, "reason", 0);
    bool drill = span_equal(json_tree_text(incident, "drill", ""), SPAN("true"));
    (void)puts(drill ? " (drill)" : "");
}

static void print_incident_head(void)
{
    (void)printf("%-8s %-16s %-7s %-25s %-25s %-9s %-6s %-8s %s\n", "ID", "FEATURE",
                 "STATE", "OPENED", "CLOSED", "DISPLAYS", "CASES", "STRENGTH", "REASON");
}

static void print_incidents(const struct json_tree *answer)
{
    const struct json_tree *list = json_tree_member(answer, "incidents");

    if (list == NULL || list->first == NULL) {
        (void)puts("no incidents");
        return;
    }
    print_incident_head();
    for (const struct json_tree *item = list->first; item != NULL; item = item->next) {
        print_incident_line(item);
    }
}

static void print_display(const struct json_tree *display)
{
    print_field(display, "first_at", 25);
    print_field(display, "count", 5);
    print_field(display, "viewer", 18);
    print_field(display, "subject", 18);
    print_field(display, "outcome", 9);
    print_field(display, "detectors", 15);
    print_field(display, "reason", 18);
    print_field(display, "path", 24);
    print_field(display, "screen", 0);
    (void)printf("\n    data ");
    print_items(json_tree_member(display, "shows"));
    (void)printf("\n    upstream ");
    print_field(display, "upstream", 0);
    (void)printf("connection ");
    print_field(display, "upstream_connection", 0);
    (void)printf("previous exchange ");
    print_field(display, "previous_exchange", 0);
    (void)printf("exchange ");
    print_field(display, "exchange", 0);
    (void)fputc('\n', stdout);
}

static void print_incident(const struct json_tree *incident)
{
    const struct json_tree *list = json_tree_member(incident, "rows");

    print_incident_head();
    print_incident_line(incident);
    (void)printf("\n%-25s %-5s %-18s %-18s %-9s %-15s %-18s %-24s %s\n", "FIRST", "COUNT",
                 "VIEWER", "SUBJECT", "OUTCOME", "DETECTOR", "REASON", "PATH", "SCREEN");
    for (const struct json_tree *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        print_display(item);
    }
}

static void print_reload(const struct json_tree *answer)
{
    const struct json_tree *lines = json_tree_member(answer, "warnings");

    for (const struct json_tree *line = lines != NULL ? lines->first : NULL; line != NULL;
         line = line->next) {
        cli_admin_print_text(line->text, 0);
        (void)fputc('\n', stdout);
    }
    (void)puts("the new configuration is in force");
}

int cli_status(const struct cli_call *call)
{
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "GET",
                                             .target = "/api/v1/status",
                                             .print = print_status});
}

int cli_reload(const struct cli_call *call)
{
    if (call->accept_weaker != NULL && call->accept_weaker[0] == '\0') {
        (void)fputs("countermark: --accept-weaker needs a reason\n", stderr);
        return CLI_USAGE;
    }
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "POST",
                                             .target = "/api/v1/reload",
                                             .accept_weaker = call->accept_weaker,
                                             .print = print_reload});
}

int cli_incidents(const struct cli_call *call)
{
    char target[TARGET_SIZE_MAX];
    struct cli_admin admin = {.call = call,
                              .method = "GET",
                              .target = "/api/v1/incidents",
                              .print = print_incidents};

    if (call->word != NULL && strcmp(call->word, "close") == 0) {
        return cli_close_incident(call);
    }
    if (call->word_count > 1 || call->reason != NULL) {
        (void)fputs("countermark: usage: incidents [ID | close ID --reason TEXT]\n",
                    stderr);
        return CLI_USAGE;
    }
    if (call->word != NULL) {
        if (!cli_admin_target(target, sizeof(target), "incidents", call->word, "")) {
            return CLI_USAGE;
        }
        admin.target = target;
        admin.print = print_incident;
    }
    return cli_admin_run(&admin);
}

static void print_forgotten(const struct json_tree *answer)
{
    (void)printf("the alias of ");
    print_field(answer, "login", 0);
    (void)puts("is forgotten; the next two logins teach it again");
}

int cli_forget(const struct cli_call *call)
{
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "POST",
                                             .target = "/api/v1/forget",
                                             .login = call->login,
                                             .print = print_forgotten});
}

static void print_mode(const struct json_tree *answer)
{
    (void)printf("mode is ");
    print_field(answer, "mode", 0);
    if (json_tree_text(answer, "until", "").len > 0) {
        (void)printf("until ");
        print_field(answer, "until", 0);
    }
    (void)fputc('\n', stdout);
}

/* Going back to protection must not fail for want of a text. */
int cli_mode(const struct cli_call *call)
{
    bool given = call->reason != NULL && call->reason[0] != '\0';

    if (!given && strcmp(call->word, "enforce") != 0) {
        (void)fputs("countermark: mode observe needs --reason TEXT\n", stderr);
        return CLI_USAGE;
    }
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "POST",
                                             .target = "/api/v1/mode",
                                             .reason = given ? call->reason : "",
                                             .mode = call->word,
                                             .duration = call->duration,
                                             .print = print_mode});
}

int cli_version(const struct cli_call *call)
{
    (void)call;
    (void)puts("countermark " VERSION);
    return CLI_DONE;
}
