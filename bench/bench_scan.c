/*
 * What scanning one body costs: HTML of 1, 16 and 128 KiB with a marker in the head and
 * none later, five patterns. Prints nanoseconds for a body and for a KiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/scan.h"

enum { BODY_MAX = 128 * 1024, PIECE = 64 * 1024, ROUNDS = 2000 };

static const char *const SELECTORS[] = {
    "meta:user-marker",        "attr:data-user-id",
    "attr:data-member-id",     "regex:\"wgUserName\":\"([^\"]+)\"",
    "regex:uid=([0-9]{1,12})",
};

enum { COUNT = sizeof(SELECTORS) / sizeof(SELECTORS[0]) };

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\">\n"
    "<title>top</title><meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"user-marker\" content=\"alice\">\n"
    "<link rel=\"stylesheet\" href=\"/site.css\"></head><body>\n";

static const char ROW[] =
    "<tr class=\"odd\"><td><a href=\"/mypage/record?number=12345\">entry of "
    "the career record</a></td><td>2024-03-01, changed by the owner &amp; "
    "kept</td></tr>\n";

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void fill(uint8_t *body, size_t len)
{
    memcpy(body, HEAD, sizeof(HEAD) - 1);
    for (size_t i = sizeof(HEAD) - 1; i < len; i++) {
        body[i] = (uint8_t)ROW[(i - sizeof(HEAD) + 1) % (sizeof(ROW) - 1)];
    }
}

static void scan_once(struct scanner *scanner, struct span rest, enum scan_lease lease)
{
    struct scan *scan = scan_begin(scanner, SCAN_KIND_HTML, SPAN("utf-8"));
    while (rest.len > 0) {
        (void)scan_feed(scan, span_first(rest, PIECE), lease);
        rest = span_from(rest, PIECE);
    }
    if (scan_finish(scan) != SCAN_OK || scan_count(scan) != 1) {
        (void)fprintf(stderr, "unexpected outcome\n");
        abort();
    }
    scan_end(&scan);
}

static void measure(const char *name, struct scanner *scanner, const uint8_t *body,
                    enum scan_lease lease)
{
    static const size_t SIZES[] = {1024, 16384, BODY_MAX};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        double best = 1e18;
        for (int run = 0; run < 5; run++) {
            double start = now_ns();
            for (int round = 0; round < ROUNDS; round++) {
                scan_once(scanner, (struct span){.ptr = body, .len = SIZES[i]}, lease);
            }
            double spent = (now_ns() - start) / ROUNDS;
            best = spent < best ? spent : best;
        }
        (void)printf("%-24s %4zu KiB %9.0f ns %7.1f ns/KiB\n", name, SIZES[i] / 1024,
                     best, best * 1024 / (double)SIZES[i]);
    }
}

static void bench(const char *name, size_t count, const uint8_t *body)
{
    struct selector selectors[COUNT];
    char error[200];
    for (size_t i = 0; i < count; i++) {
        if (selector_parse(span_of(SELECTORS[i]), &selectors[i], error, sizeof(error)) !=
            ERR_NONE) {
            abort();
        }
    }
    struct marker_class class = {.selectors = selectors, .selector_count = count};
    struct markers *markers = markers_new(&class, 1, 256, error, sizeof(error));
    struct scanner *scanner = scanner_new(markers);
    char title[64];
    (void)snprintf(title, sizeof(title), "%s, kept", name);
    measure(title, scanner, body, SCAN_LEASE_KEPT);
    (void)snprintf(title, sizeof(title), "%s, borrowed", name);
    measure(title, scanner, body, SCAN_LEASE_BORROWED);
    scanner_free(&scanner);
    markers_free(&markers);
}

int main(void)
{
    uint8_t *body = malloc(BODY_MAX);
    if (body == NULL) {
        return 1;
    }
    fill(body, BODY_MAX);
    bench("1 selector", 1, body);
    bench("3 without regex", 3, body);
    bench("5 selectors", COUNT, body);
    free(body);
    return 0;
}
