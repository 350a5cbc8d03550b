/** Bodies of alerts as the ledger writes them, for tests of formats. */
#pragma once

#include <string.h>

#include "notify/told.h"
#include "support/test.h"

#define OPENED                                                                           \
    "{\"type\":\"incident.opened\",\"timestamp\":\"2026-01-31T23:59:59.999Z\",\"data\":" \
    "{"                                                                                  \
    "\"chain_head\":\"ab\",\"chain_row\":7,\"severity\":\"critical\",\"incident\":3,"    \
    "\"feature\":\"login\",\"opened_at\":\"2026-01-31T23:59:58.000Z\",\"displays\":1,"   \
    "\"cases\":1,\"detector\":\"owner-marker\",\"reason\":\"other-owner\","              \
    "\"strength\":\"strong\",\"drill\":false,\"viewer\":\"u-1\",\"subject\":\"u-2\","    \
    "\"feature_state\":\"down\",\"outcomes\":{\"withheld\":1,\"cut\":0,\"delivered\":0}" \
    ",\"shows\":\"name, address\","                                                      \
    "\"screen\":\"A <b> & \\\"c]\\\"\\n=|\\\\\",\"route\":\"/mypage/**\","               \
    "\"outcome\":\"withheld\",\"upstream\":\"site 10.0.0.1:80\"}}"

#define CLOSED                                                                           \
    "{\"type\":\"incident.closed\",\"timestamp\":\"2026-02-01T00:00:00.000Z\",\"data\":" \
    "{"                                                                                  \
    "\"incident\":3,\"feature\":\"login\",\"opened_at\":\"2026-01-31T23:59:58.000Z\","   \
    "\"drill\":true,\"closed_by\":\"sre\",\"closed_reason\":\"cause removed\"}}"

static inline struct told *told_of(const char *body)
{
    struct told *told = malloc(sizeof(*told));
    assert_non_null(told);
    assert_int_equal(told_read(span_of(body), told), ERR_NONE);
    return told;
}
