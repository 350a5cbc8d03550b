/*
 * What reading one head costs, from looking for its end to the parsed fields: a request
 * as wrk sends it, one as a browser sends it, and a response. Prints nanoseconds of CPU
 * time for a head and for a byte of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "http/h1.h"

enum { ROUNDS = 200000, RUNS = 5 };

static const struct h1_limits LIMITS = {
    .head_size_max = 32768, .target_size_max = 8192, .field_count_max = 100};

static const char SMALL_REQUEST[] =
    "GET /page-1.html HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "Cookie: JSESSIONID=0123456789ABCDEF0123456789ABCDEF\r\n\r\n";

static const char BROWSER_REQUEST[] =
    "GET /mypage/record?number=12345 HTTP/1.1\r\n"
    "Host: www.example.jp\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
    "Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: ja,en-US;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.jp/mypage/\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: consent=all; JSESSIONID=0123456789ABCDEF0123456789ABCDEF; lang=ja\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Priority: u=0, i\r\n\r\n";

static const char RESPONSE[] = "HTTP/1.1 200 OK\r\n"
                               "Date: Mon, 23 Nov 2026 00:20:06 GMT\r\n"
                               "Server: Apache-Coyote/1.1\r\n"
                               "Content-Type: text/html;charset=UTF-8\r\n"
                               "Content-Length: 16384\r\n"
                               "Cache-Control: no-store, private\r\n"
                               "Vary: Accept-Encoding\r\n"
                               "X-Frame-Options: DENY\r\n\r\n";

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void read_once(struct h1 *codec, enum h1_kind kind, struct span bytes,
                      struct head *head)
{
    size_t checked = 0;
    size_t head_len = 0;
    if (kind == H1_RESPONSE) {
        h1_expect(codec, METHOD_HEAD); /* Without a body, so that heads follow. */
    }
    if (h1_find_head(codec, bytes, &checked, &head_len) != H1_FOUND_HEAD ||
        head_len != bytes.len ||
        h1_parse_head(codec, bytes, &LIMITS, head) != H1_ERROR_NONE) {
        (void)fprintf(stderr, "unexpected outcome\n");
        abort();
    }
}

static void bench(const char *name, enum h1_kind kind, struct span bytes)
{
    static struct head head;
    double best = 1e18;
    struct h1 *codec = h1_new(kind);
    if (codec == NULL) {
        abort();
    }
    for (int run = 0; run < RUNS; run++) {
        double start = now_ns();
        for (int round = 0; round < ROUNDS; round++) {
            read_once(codec, kind, bytes, &head);
        }
        double spent = (now_ns() - start) / ROUNDS;
        best = spent < best ? spent : best;
    }
    (void)printf("head, %-18s %2zu fields, %3zu bytes %9.0f ns %7.2f ns/byte\n", name,
                 head.field_count, bytes.len, best, best / (double)bytes.len);
    h1_free(&codec);
}

int main(void)
{
    bench("small request", H1_REQUEST, SPAN(SMALL_REQUEST));
    bench("browser's request", H1_REQUEST, SPAN(BROWSER_REQUEST));
    bench("response", H1_RESPONSE, SPAN(RESPONSE));
    return 0;
}
