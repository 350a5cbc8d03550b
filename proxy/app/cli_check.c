#include <inttypes.h>
#include <stdio.h>

#include "app/cli.h"
#include "app/config_print.h"
#include "app/difference.h"
#include "app/lint_log.h"
#include "base/json_write.h"

enum {
    JSON_SIZE_MAX = 1024 * 1024,
};

/* What came of a check. */
struct outcome {
    const struct report *report;
    struct config *config;         /* NULL: it has errors. */
    struct difference *difference; /* NULL: not asked for. */
};

/* The names of the classes in `mask`, joined. */
static void print_classes(const struct site *site, uint32_t mask)
{
    const char *separator = "";

    for (size_t i = 0; i < site->class_count; i++) {
        if ((mask & (UINT32_C(1) << i)) != 0) {
            (void)printf("%s%.*s", separator, SPAN_ARGS(site->classes[i].name));
            separator = ", ";
        }
    }
}

static void print_route(const struct site *site, const struct route *route)
{
    const struct requirement *requirement = &route->requirement;

    (void)printf("  %-32s to %s: ", route->pattern,
                 site->upstreams[route->upstream].name);
    if (requirement->require_mask == 0) {
        (void)printf("requires nothing");
    } else {
        (void)printf("requires ");
        print_classes(site, requirement->require_mask);
        (void)printf(", else %s",
                     requirement->unmarked == UNMARKED_REFUSE ? "refused" : "released");
    }
    (void)printf("%s%s%s%s\n", requirement->echo_expected ? ", expects its echo" : "",
                 requirement->observe ? ", observed only" : "",
                 route->screen[0] != '\0' ? " - " : "", route->screen);
}

static void print_summary(const struct config *config)
{
    const struct site *site = config->site;

    (void)printf("configuration %.16s, mode %s\n", config->hash,
                 site->observe ? "observe" : "enforce");
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_settings *listen = &config->listens[i];
        if (listen->path != NULL) {
            (void)printf("listen on %s, mode %04o\n", listen->host, listen->socket_mode);
        } else {
            (void)printf("listen on %s port %u\n", listen->host, listen->port);
        }
    }
    (void)printf("state in %s, admin socket %s\n", config->state, config->admin.socket);
    (void)printf("features:\n");
    for (size_t i = 0; i < site->feature_count; i++) {
        const struct feature_settings *feature = &site->features[i];
        (void)printf("  %-32s %zu paths, down after %u strong or %u weak cases\n",
                     feature->name, feature->path_count, feature->take_down.cases,
                     feature->take_down.weak_cases);
    }
    (void)printf("routes, the first match wins:\n");
    for (size_t i = 0; i < site->route_count; i++) {
        print_route(site, &site->routes[i]);
    }
}

/* What `--against` names, with the flags of this call. NULL: `report` says why. */
static struct config *load_other(const struct cli_call *call, struct report *report)
{
    struct config_source source = cli_source(call);
    struct feature_table features = {0};

    source.path = call->against;
    feature_table_init(&features, NULL);
    return config_load(&source, &features, report);
}

static void print_difference(const struct difference *difference)
{
    static const enum effect ORDER[] = {EFFECT_WEAKER, EFFECT_STRONGER, EFFECT_NEUTRAL};
    const char *text = NULL;
    size_t count = 0;
    size_t kept = 0;

    for (size_t k = 0; k < sizeof(ORDER) / sizeof(ORDER[0]); k++) {
        for (size_t i = 0; (text = difference_text(difference, ORDER[k], i)) != NULL;
             i++) {
            (void)printf("  %s: %s\n", effect_name(ORDER[k]), text);
            kept++;
        }
        count += difference_count(difference, ORDER[k]);
    }
    if (count == 0) {
        (void)puts("  nothing changes");
    } else if (count > kept) {
        (void)printf("  and %zu more\n", count - kept);
    }
}

static void write_problems(struct json_write *json, const struct report *report,
                           enum report_kind kind)
{
    struct report_problem problem;

    json_write_begin_array(json);
    for (size_t i = 0; report_problem(report, i, &problem); i++) {
        if (problem.kind != kind) {
            continue;
        }
        json_write_begin_object(json);
        json_write_member(json, "source", span_of(problem.place.source));
        json_write_member_u64(json, "line", problem.place.line);
        json_write_member_u64(json, "column", problem.place.column);
        json_write_member(json, "message", span_of(problem.message));
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_effect(struct json_write *json, const struct difference *difference,
                         enum effect effect)
{
    const char *text = NULL;

    json_write_key(json, effect_name(effect));
    json_write_begin_array(json);
    for (size_t i = 0; (text = difference_text(difference, effect, i)) != NULL; i++) {
        json_write_text(json, span_of(text));
    }
    json_write_end_array(json);
}

static void print_json(const struct outcome *outcome)
{
    struct json_write json;

    json_write_init(&json, JSON_SIZE_MAX);
    json_write_begin_object(&json);
    json_write_member_bool(&json, "valid", outcome->config != NULL);
    if (outcome->config != NULL) {
        json_write_member(&json, "hash", span_of(outcome->config->hash));
        json_write_member(
            &json, "mode",
            span_of(outcome->config->site->observe ? "observe" : "enforce"));
    }
    json_write_key(&json, "errors");
    write_problems(&json, outcome->report, REPORT_ERROR);
    json_write_key(&json, "warnings");
    write_problems(&json, outcome->report, REPORT_WARNING);
    if (outcome->difference != NULL) {
        json_write_key(&json, "difference");
        json_write_begin_object(&json);
        write_effect(&json, outcome->difference, EFFECT_WEAKER);
        write_effect(&json, outcome->difference, EFFECT_STRONGER);
        write_effect(&json, outcome->difference, EFFECT_NEUTRAL);
        json_write_end_object(&json);
    }
    json_write_end_object(&json);
    (void)printf("%.*s\n", SPAN_ARGS(json_write_result(&json)));
    json_write_free(&json);
}

static void print(const struct cli_call *call, const struct outcome *outcome)
{
    size_t count = report_error_count(outcome->report);

    if (call->json) {
        print_json(outcome);
        return;
    }
    report_print(outcome->report, stderr);
    if (outcome->config == NULL) {
        (void)fprintf(stderr, "%zu error%s\n", count, count == 1 ? "" : "s");
        return;
    }
    print_summary(outcome->config);
    if (outcome->difference != NULL) {
        (void)printf("what protection changes from %s:\n", call->against);
        print_difference(outcome->difference);
    }
}

static int code_of(const struct cli_call *call, const struct outcome *outcome)
{
    bool doubt = report_warning_count(outcome->report) > 0 ||
                 (outcome->difference != NULL &&
                  difference_count(outcome->difference, EFFECT_WEAKER) > 0);

    if (outcome->config == NULL) {
        return CLI_USAGE;
    }
    return call->strict && doubt ? CLI_NO : CLI_DONE;
}

/* False: reported. */
static bool read_log(const struct cli_call *call, const struct config *config,
                     struct report *report)
{
    FILE *file = fopen(call->log, "re");

    if (file == NULL) {
        (void)fprintf(stderr, "countermark: cannot read the log %s\n", call->log);
        return false;
    }
    lint_log(config, file, call->log, report);
    bool good = ferror(file) == 0;
    (void)fclose(file);
    return good;
}

static int finish(const struct cli_call *call, struct outcome *outcome)
{
    print(call, outcome);
    int code = code_of(call, outcome);
    difference_free(&outcome->difference);
    config_free(&outcome->config);
    return code;
}

/* When the other one has errors they are the outcome. */
static int check_against(const struct cli_call *call, struct outcome *outcome)
{
    struct report *problems = report_new();
    struct config *other = problems != NULL ? load_other(call, problems) : NULL;

    if (other != NULL) {
        outcome->difference = difference_new(other, outcome->config, TAKEN_BY_START);
    }
    if (outcome->difference == NULL) {
        config_free(&outcome->config);
    }
    if (problems != NULL && other == NULL) {
        outcome->report = problems;
    }
    int code = finish(call, outcome);
    config_free(&other);
    report_free(&problems);
    return code;
}

static int check(const struct cli_call *call, struct report *report)
{
    struct config_source source = cli_source(call);
    struct feature_table features = {0};
    struct outcome outcome = {.report = report};

    feature_table_init(&features, NULL);
    source.lint = true;
    outcome.config = config_load(&source, &features, report);
    if (call->log != NULL && outcome.config != NULL &&
        !read_log(call, outcome.config, report)) {
        config_free(&outcome.config);
        return CLI_USAGE;
    }
    if (call->against != NULL && outcome.config != NULL) {
        return check_against(call, &outcome);
    }
    return finish(call, &outcome);
}

int cli_check(const struct cli_call *call)
{
    if (call->print_reference || call->print_schema) {
        if (call->print_reference) {
            config_print_reference(stdout);
        } else {
            config_print_schema(stdout);
        }
        return fflush(stdout) == 0 ? CLI_DONE : CLI_NO;
    }
    struct report *report = report_new();
    if (report == NULL) {
        return CLI_NO;
    }
    int code = check(call, report);
    report_free(&report);
    return code;
}
