/* The commands around a report: `report`, `mark`, `incidents close`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli_admin.h"

enum {
    TARGET_SIZE_MAX = 2048,
    REPORT_TIMEOUT_MS = 610000, /* The proxy's own bound, and a little. */
};

static int usage(const char *text)
{
    (void)fprintf(stderr, "countermark: %s\n", text);
    return CLI_USAGE;
}

static bool is_unreserved(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || strchr("-_.:", byte) != NULL;
}

/* Appends `&name=value` to a query, percent-encoded. False: too long. */
static bool add(char *target, const char *name, const char *value)
{
    size_t len = strlen(target);

    if (value == NULL) {
        return true;
    }
    int added = snprintf(target + len, TARGET_SIZE_MAX - len, "&%s=", name);
    len += added > 0 ? (size_t)added : 0;
    for (; *value != '\0' && len + 4 < TARGET_SIZE_MAX; value++) {
        unsigned char byte = (unsigned char)*value;
        added = snprintf(target + len, TARGET_SIZE_MAX - len,
                         is_unreserved(byte) ? "%c" : "%%%02X", byte);
        len += added > 0 ? (size_t)added : 0;
    }
    return *value == '\0' && len + 4 < TARGET_SIZE_MAX;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static int report(const struct cli_call *call, char *target)
{
    const char *format = call->json             ? "json"
                         : call->format != NULL ? call->format
                                                : "text";

    if (!add(target, "format", format) || !add(target, "lang", call->lang) ||
        !add(target, "from", call->from) || !add(target, "to", call->to) ||
        !add(target, "reveal", call->reveal ? "1" : NULL)) {
        return usage("a value is too long");
    }
    cli_admin_say_waiting(call, "the report");
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "GET",
                                             .target = target,
                                             .raw = true,
                                             .timeout_ms = REPORT_TIMEOUT_MS});
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (size_t i = 0; text != NULL && words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return text == NULL;
}

int cli_report(const struct cli_call *call)
{
    static const char *const formats[] = {"text", "html", "json", "csv", NULL};
    static const char *const langs[] = {"en", "ja", NULL};
    char target[TARGET_SIZE_MAX];

    if (!is_one_of(call->format, formats)) {
        return usage("--format is text, html, json or csv");
    }
    if (!is_one_of(call->lang, langs)) {
        return usage("--lang is en or ja");
    }
    if (call->word == NULL && call->from == NULL) {
        return usage("report needs the number of an incident, or --from TIME");
    }
    if (call->word != NULL && (call->from != NULL || call->to != NULL)) {
        return usage("report takes an incident or a time range, not both");
    }
    if (call->word != NULL && !is_number(call->word)) {
        return usage("the incident is a number; `countermark incidents` lists them");
    }
    (void)snprintf(target, sizeof(target), "/api/v1/%s%.20s%s?",
                   call->word != NULL ? "incidents/" : "",
                   call->word != NULL ? call->word : "",
                   call->word != NULL ? "/report" : "report");
    return report(call, target);
}

static void print_mark(const struct json_tree *answer)
{
    (void)answer;
    (void)puts("marked");
}

int cli_mark(const struct cli_call *call)
{
    if (call->word[0] == '\0') {
        return usage("a mark needs a text");
    }
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "POST",
                                             .target = "/api/v1/mark",
                                             .text = call->word,
                                             .print = print_mark});
}

static void print_closed(const struct json_tree *answer)
{
    (void)printf("incident ");
    cli_admin_print_text(json_tree_text(answer, "id", "-"), 0);
    (void)puts(" is closed");
}

int cli_close_incident(const struct cli_call *call)
{
    char target[TARGET_SIZE_MAX];

    if (call->word_count != 2 || !is_number(call->words[1])) {
        return usage("usage: countermark incidents close ID --reason TEXT");
    }
    if (call->reason == NULL || call->reason[0] == '\0') {
        return usage("incidents close needs --reason TEXT");
    }
    if (!cli_admin_target(target, sizeof(target), "incidents", call->words[1],
                          "/close")) {
        return usage("the number is too long");
    }
    return cli_admin_run(&(struct cli_admin){.call = call,
                                             .method = "POST",
                                             .target = target,
                                             .reason = call->reason,
                                             .print = print_closed});
}
