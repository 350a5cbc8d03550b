#include <string.h>

#include "http/h1.h"
#include "http/websocket_open.h"
#include "support/test.h"

static struct head head;

static void parse(enum h1_kind kind, const char *text)
{
    const struct h1_limits limits = {
        .head_size_max = 4096, .target_size_max = 1024, .field_count_max = 32};
    struct h1 *codec = h1_new(kind);

    assert_non_null(codec);
    assert_int_equal(h1_parse_head(codec, span_of(text), &limits, &head), H1_ERROR_NONE);
    h1_free(&codec);
}

#define START   "GET /chat HTTP/1.1\r\nHost: a\r\n"
#define ASKS    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static void websocket_is_asked_for_by_two_fields(void **state)
{
    (void)state;
    parse(H1_REQUEST, START ASKS "\r\n");
    assert_true(websocket_asks(&head));
    parse(H1_REQUEST, START "Upgrade: WebSocket\r\nConnection: upgrade\r\n\r\n");
    assert_true(websocket_asks(&head));
    parse(H1_REQUEST, START "Upgrade: websocket\r\n\r\n");
    assert_false(websocket_asks(&head));
    parse(H1_REQUEST, START "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
    assert_false(websocket_asks(&head));
}

static void websocket_request_is_checked(void **state)
{
    static const struct {
        const char *text;
        enum websocket_request expected;
    } ROWS[] = {
        {START ASKS KEY VERSION "\r\n", WEBSOCKET_REQUEST_SOUND},
        {START ASKS KEY "Sec-WebSocket-Version: 8\r\n\r\n", WEBSOCKET_REQUEST_VERSION},
        {START ASKS KEY "\r\n", WEBSOCKET_REQUEST_BAD},
        {START ASKS VERSION "\r\n", WEBSOCKET_REQUEST_BAD},
        {START ASKS KEY KEY VERSION "\r\n", WEBSOCKET_REQUEST_BAD},
        {START ASKS KEY VERSION VERSION "\r\n", WEBSOCKET_REQUEST_BAD},
        {START ASKS ASKS KEY VERSION "\r\n", WEBSOCKET_REQUEST_BAD},
        {START ASKS "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n" VERSION "\r\n",
         WEBSOCKET_REQUEST_BAD},
        {START ASKS "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n" VERSION "\r\n",
         WEBSOCKET_REQUEST_BAD},
        {START ASKS KEY VERSION "Content-Length: 3\r\n\r\n", WEBSOCKET_REQUEST_BAD},
        {"POST / HTTP/1.1\r\nHost: a\r\n" ASKS KEY VERSION "\r\n", WEBSOCKET_REQUEST_BAD},
        {"GET / HTTP/1.0\r\nHost: a\r\n" ASKS KEY VERSION "\r\n", WEBSOCKET_REQUEST_BAD},
    };
    char accept[WEBSOCKET_ACCEPT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        parse(H1_REQUEST, ROWS[i].text);
        if (websocket_check_request(&head, accept) != ROWS[i].expected) {
            fail_msg("%s", ROWS[i].text);
        }
    }
}

/* The example of RFC 6455 section 1.3. */
static void websocket_answer_is_checked(void **state)
{
#define ANSWER   "HTTP/1.1 101 Switching Protocols\r\n"
#define SWITCHES "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPT   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    static const struct {
        const char *text;
        bool offered;
        bool sound;
    } ROWS[] = {
        {ANSWER SWITCHES ACCEPT "\r\n", false, true},
        {ANSWER SWITCHES ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n", true, true},
        {ANSWER SWITCHES ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n", false, false},
        {ANSWER SWITCHES "\r\n", false, false},
        {ANSWER SWITCHES "Sec-WebSocket-Accept: x3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
         false, false},
        {ANSWER SWITCHES ACCEPT ACCEPT "\r\n", false, false},
        {ANSWER "Upgrade: websocket\r\n" ACCEPT "\r\n", false, false},
        {ANSWER "Connection: Upgrade\r\nUpgrade: h2c\r\n" ACCEPT "\r\n", false, false},
        {ANSWER SWITCHES ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
         false, false},
        {ANSWER SWITCHES ACCEPT "Sec-WebSocket-Extensions:\r\n\r\n", false, false},
    };
    char accept[WEBSOCKET_ACCEPT_SIZE];

    (void)state;
    parse(H1_REQUEST, START ASKS KEY VERSION "\r\n");
    assert_int_equal(websocket_check_request(&head, accept), WEBSOCKET_REQUEST_SOUND);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        parse(H1_RESPONSE, ROWS[i].text);
        if (websocket_check_answer(&head, accept, ROWS[i].offered) != ROWS[i].sound) {
            fail_msg("%s", ROWS[i].text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_is_asked_for_by_two_fields),
        cmocka_unit_test(websocket_request_is_checked),
        cmocka_unit_test(websocket_answer_is_checked),
    };
    return RUN_TESTS(tests);
}
