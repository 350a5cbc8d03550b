#include "app/personal.h"

bool personal_path(struct span path)
{
    static const char *const WORDS[] = {
        "account",  "accounts",  "my",       "mypage",      "my-page",  "myaccount",
        "me",       "profile",   "profiles", "orders",      "invoices", "inbox",
        "messages", "dashboard", "settings", "preferences", "member",   "members",
        "billing",  "addresses", "wallet",   "medical",     "records",
    };
    struct span segment;

    while (span_next(&path, '/', &segment)) {
        for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
            if (span_equal_nocase(segment, span_of(WORDS[i]))) {
                return true;
            }
        }
    }
    return false;
}
