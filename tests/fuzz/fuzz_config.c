/*
 * Property: any file is either refused with at least one error or gives a snapshot that
 * is whole; reading it never crashes, leaks or takes more than its bounds. Of a snapshot
 * the hash is the same on a second reading.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/config.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config *load(const char *path)
{
    struct feature_table features = {0};
    struct config_source source = {.path = path, .state_default = "/var/lib/x"};
    struct report *report = report_new();

    CHECK(report != NULL);
    feature_table_init(&features, NULL);
    struct config *config = config_load(&source, &features, report);
    CHECK((config == NULL) == (report_error_count(report) > 0));
    report_free(&report);
    return config;
}

static void check_whole(const struct config *config)
{
    const struct site *site = config->site;

    CHECK(config->listen_count > 0 && config->listens[0].host != NULL);
    CHECK(site->upstream_count > 0 && site->upstreams[0].server_count > 0);
    CHECK(site->route_count > 0);
    for (size_t i = 0; i < site->route_count; i++) {
        CHECK(site->routes[i].path != NULL && site->routes[i].screen != NULL);
        CHECK(site->routes[i].upstream < site->upstream_count);
    }
    for (size_t i = 0; i < site->feature_count; i++) {
        CHECK(site->features[i].path_count > 0);
    }
    CHECK((site->markers != NULL) == (site->class_count > 0));
    CHECK(strlen(config->hash) == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("config", 0);

    CHECK(fd >= 0);
    CHECK(write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct config *config = load(path);
    if (config != NULL) {
        check_whole(config);
        struct config *again = load(path);
        CHECK(again != NULL && strcmp(config->hash, again->hash) == 0);
        config_free(&again);
        config_free(&config);
    }
    (void)close(fd);
    return 0;
}
