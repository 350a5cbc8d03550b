/** A configuration as text, loaded from a file `t.yaml` in a folder of its own. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "app/config.h"
#include "support/folder.h"
#include "support/test.h"

#define LISTEN    "listen: [{address: 127.0.0.1:8080}]\n"
#define UPSTREAMS "upstreams: [{name: site, servers: [http://127.0.0.1:9000]}]\n"
#define SESSION   "session: {cookies: [SID]}\n"
#define MARKERS   "markers: [{name: owner, find: [meta:user-marker]}]\n"
#define FEATURES  "features: [{name: login, paths: [/login]}]\n"
#define GOOD      LISTEN UPSTREAMS SESSION MARKERS FEATURES

/* Group setup. */
static inline int config_case_start(void **state)
{
    return folder_enter(state);
}

static inline void config_case_write_bytes(const char *name, struct span bytes)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static inline void config_case_write(const char *name, const char *text)
{
    config_case_write_bytes(name, span_of(text));
}

/* Loads `text`; the report is the caller's. */
static inline struct config *config_case_load(const char *text, struct report *report)
{
    struct feature_table features = {0};
    struct config_source source = {.path = "t.yaml", .state_default = "/var/lib/x"};

    feature_table_init(&features, NULL);
    config_case_write("t.yaml", text);
    return config_load(&source, &features, report);
}

/* Loads what must be right. */
static inline struct config *config_case_good(const char *text)
{
    struct report *report = report_new();
    struct config *config = config_case_load(text, report);

    for (size_t i = 0; report_text(report, i) != NULL; i++) {
        print_message("%s\n", report_text(report, i));
    }
    report_free(&report);
    assert_non_null(config);
    return config;
}
