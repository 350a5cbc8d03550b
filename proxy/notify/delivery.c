#include "notify/delivery.h"

#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "notify/sign.h"

enum {
    HEADER_SIZE_MAX = 256,
    REPLY_SIZE_MAX = 65536, /* Read and thrown away; a longer one is an error. */
};

struct delivery {
    CURL *easy;
    struct curl_slist *headers;
    size_t reply_len;
    struct alert_settings alert;
    struct outbox_item item;
    char error[CURL_ERROR_SIZE];
};

static struct span url_host(struct span url)
{
    struct span rest = span_from(url, span_find(url, '/') + 2);
    struct span host = span_first(rest, span_find(rest, '/'));
    size_t end = host.len > 0 && host.ptr[0] == '[' ? span_find(host, ']') + 1
                                                    : span_find(host, ':');
    return span_first(host, end);
}

bool delivery_url_allowed(struct span url)
{
    if (span_starts(url, SPAN("https://"))) {
        return true;
    }
    struct span host = url_host(url);
    return span_starts(url, SPAN("http://")) && span_find(url, '@') == url.len &&
           (span_equal(host, SPAN("localhost")) || span_equal(host, SPAN("[::1]")) ||
            (span_starts(host, SPAN("127.")) &&
             strspn((const char *)host.ptr, "0123456789.") >= host.len));
}

static size_t on_reply(char *bytes, size_t size, size_t count, void *context)
{
    struct delivery *self = context;
    (void)bytes;
    self->reply_len += size * count;
    return self->reply_len <= REPLY_SIZE_MAX ? size * count : 0;
}

static bool add_header(struct delivery *self, const char *name, const char *value)
{
    char line[HEADER_SIZE_MAX];

    int len = snprintf(line, sizeof(line), "%s: %s", name, value);
    if (len < 0 || (size_t)len >= sizeof(line)) {
        return false;
    }
    struct curl_slist *headers = curl_slist_append(self->headers, line);
    if (headers == NULL) {
        return false;
    }
    self->headers = headers;
    return true;
}

static bool add_headers(struct delivery *self, uint64_t wall_ms)
{
    char signature[SIGN_SIZE_MAX];
    char timestamp[32];
    struct span body = {.ptr = (const uint8_t *)self->item.body,
                        .len = self->item.body_len};

    int len = snprintf(timestamp, sizeof(timestamp), "%llu",
                       (unsigned long long)(wall_ms / 1000));
    CHECK(len > 0 && (size_t)len < sizeof(timestamp));
    return sign_message(&self->alert, span_of(self->item.message), wall_ms / 1000, body,
                        signature) == ERR_NONE &&
           add_header(self, "Content-Type", "application/json") &&
           add_header(self, "webhook-id", self->item.message) &&
           add_header(self, "webhook-timestamp", timestamp) &&
           add_header(self, "webhook-signature", signature) &&
           add_header(self, "Expect", "");
}

static bool set_options(struct delivery *self)
{
    CURL *easy = self->easy;
    bool done = true;

    done = curl_easy_setopt(easy, CURLOPT_URL, self->alert.url) == CURLE_OK && done;
    done =
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK && done;
    done =
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, self->item.body) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)self->item.body_len) ==
               CURLE_OK &&
           done;
    done = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, self->headers) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_USERAGENT, "Countermark") == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.0/8,::1") ==
               CURLE_OK &&
           done;
    done = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)DELIVERY_TIMEOUT_MS) ==
               CURLE_OK &&
           done;
    done = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_WRITEDATA, self) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->error) == CURLE_OK && done;
    done = curl_easy_setopt(easy, CURLOPT_PRIVATE, self) == CURLE_OK && done;
    if (self->alert.ca_file[0] != '\0') {
        done = curl_easy_setopt(easy, CURLOPT_CAINFO, self->alert.ca_file) == CURLE_OK &&
               done;
    }
    return done;
}

struct delivery *delivery_new(const struct alert_settings *alert,
                              const struct outbox_item *item, uint64_t wall_ms)
{
    struct delivery *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->alert = *alert;
    self->item = *item;
    self->easy = curl_easy_init();
    if (self->easy == NULL || !delivery_url_allowed(span_of(alert->url)) ||
        !add_headers(self, wall_ms) || !set_options(self)) {
        delivery_free(&self);
    }
    return self;
}

void delivery_free(struct delivery **self_p)
{
    struct delivery *self = *self_p;
    if (self == NULL) {
        return;
    }
    curl_easy_cleanup(self->easy);
    curl_slist_free_all(self->headers);
    secret_wipe(&self->alert, sizeof(self->alert));
    free(self);
    *self_p = NULL;
}

void *delivery_handle(const struct delivery *self)
{
    return self->easy;
}

const struct outbox_item *delivery_item(const struct delivery *self)
{
    return &self->item;
}

const char *delivery_alert(const struct delivery *self)
{
    return self->alert.name;
}

unsigned delivery_status(const struct delivery *self)
{
    long status = 0;
    if (curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) {
        return 0;
    }
    return status > 0 ? (unsigned)status : 0;
}

uint64_t delivery_retry_after_ms(const struct delivery *self)
{
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK ||
        seconds <= 0) {
        return 0;
    }
    return (uint64_t)(seconds < 1000000 ? seconds : 1000000) * 1000;
}

const char *delivery_error(const struct delivery *self)
{
    return self->error;
}
