#include <inttypes.h>
#include <stdio.h>

#include "app/cli.h"
#include "app/config_print.h"

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
        (void)printf("listen on %s port %u\n", config->listens[i].host,
                     config->listens[i].port);
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

static int check(const struct cli_call *call, struct report *report)
{
    struct config_source source = cli_source(call);
    struct feature_table features = {0};

    feature_table_init(&features);
    struct config *config = config_load(&source, &features, report);
    report_print(report, stderr);
    if (config == NULL) {
        size_t count = report_error_count(report);
        (void)fprintf(stderr, "%zu error%s\n", count, count == 1 ? "" : "s");
        return CLI_USAGE;
    }
    print_summary(config);
    config_free(&config);
    return CLI_DONE;
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
