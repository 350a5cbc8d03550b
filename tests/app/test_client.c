#include <string.h>

#include "app/client.h"
#include "app/proxy_case.h"
#include "support/test.h"

enum { MEMORY = 64 * 1024 * 1024 };

static enum err ask(struct proxy *proxy, struct arena *arena, struct span body,
                    struct client_answer *answer)
{
    struct client_request request = {.socket = proxy->path,
                                     .method = "POST",
                                     .target = "/api/v1/features/login/down",
                                     .body = body};
    enum err err = client_exchange(&request, arena, answer);
    proxy_end(proxy);
    return err;
}

static void client_takes_an_answer_in_any_pieces(void **state)
{
    (void)state;
    static const size_t PIECES[] = {1, 7, 1000};

    for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
        struct arena *arena = arena_new(MEMORY);
        struct client_answer answer;
        struct proxy proxy;
        proxy_start(&proxy, "HTTP/1.1 409 Conflict\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
                    PIECES[i]);
        assert_int_equal(ask(&proxy, arena, SPAN("{}"), &answer), ERR_NONE);
        assert_int_equal(answer.status, 409);
        assert_true(span_equal(answer.body, SPAN("{\"a\":1}")));
        assert_non_null(
            strstr(proxy.request, "POST /api/v1/features/login/down HTTP/1.1"));
        assert_non_null(strstr(proxy.request, "Content-Length: 2\r\n"));
        arena_free(&arena);
    }
}

static void client_refuses_an_answer_that_is_cut_or_strange(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum err err;
    } CASES[] = {
        {"", ERR_CLOSED},
        {"HTTP/1.1 200 OK\r\n", ERR_SYNTAX},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", ERR_CLOSED},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ERR_SYNTAX},
        {"HTTP/1.1 200 OK\r\n\r\n{}", ERR_SYNTAX},
        {"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", ERR_SYNTAX},
        {"SSH-2.0\r\n\r\n", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct arena *arena = arena_new(MEMORY);
        struct client_answer answer;
        struct proxy proxy;
        proxy_start(&proxy, CASES[i].answer, 1000);
        assert_int_equal(ask(&proxy, arena, SPAN(""), &answer), CASES[i].err);
        arena_free(&arena);
    }
}

static void client_says_that_nobody_listens(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    struct client_answer answer;
    struct client_request request = {
        .socket = "/nonexistent/admin.sock", .method = "GET", .target = "/"};

    assert_int_equal(client_exchange(&request, arena, &answer), ERR_REFUSED);
    request.socket =
        "/0123456789012345678901234567890123456789012345678901234567890123456"
        "789012345678901234567890123456789012345678901234567890";
    assert_int_equal(client_exchange(&request, arena, &answer), ERR_ADDRESS);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_takes_an_answer_in_any_pieces),
        cmocka_unit_test(client_refuses_an_answer_that_is_cut_or_strange),
        cmocka_unit_test(client_says_that_nobody_listens),
    };
    return RUN_TESTS(tests);
}
