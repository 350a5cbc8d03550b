#include "admin/moment.h"

#include <time.h>

#include "base/parse.h"

/* `digits` digits at the front of `rest_p`, from `min` to `max`. */
static bool take(struct span *rest_p, size_t digits, int min, int max, int *value_out)
{
    uint64_t value = 0;

    if (rest_p->len < digits ||
        parse_u64(span_first(*rest_p, digits), &value) != ERR_NONE ||
        value < (uint64_t)min || value > (uint64_t)max) {
        return false;
    }
    *value_out = (int)value;
    *rest_p = span_from(*rest_p, digits);
    return true;
}

static bool take_byte(struct span *rest_p, char byte)
{
    if (rest_p->len == 0 || rest_p->ptr[0] != (uint8_t)byte) {
        return false;
    }
    *rest_p = span_from(*rest_p, 1);
    return true;
}

static bool take_date(struct span *rest_p, struct tm *tm)
{
    if (!take(rest_p, 4, 1970, 9999, &tm->tm_year) || !take_byte(rest_p, '-') ||
        !take(rest_p, 2, 1, 12, &tm->tm_mon) || !take_byte(rest_p, '-') ||
        !take(rest_p, 2, 1, 31, &tm->tm_mday)) {
        return false;
    }
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

static bool take_clock(struct span *rest_p, struct tm *tm)
{
    int fraction = 0;

    if (!take(rest_p, 2, 0, 23, &tm->tm_hour) || !take_byte(rest_p, ':') ||
        !take(rest_p, 2, 0, 59, &tm->tm_min)) {
        return false;
    }
    if (take_byte(rest_p, ':') && !take(rest_p, 2, 0, 60, &tm->tm_sec)) {
        return false;
    }
    return !take_byte(rest_p, '.') || take(rest_p, 3, 0, 999, &fraction);
}

/* Minutes east of Greenwich. */
static bool take_offset(struct span *rest_p, int *minutes_out)
{
    int hours = 0;
    int minutes = 0;
    int sign = take_byte(rest_p, '-') ? -1 : 1;

    if (sign == 1 && !take_byte(rest_p, '+')) {
        return false;
    }
    if (!take(rest_p, 2, 0, 14, &hours)) {
        return false;
    }
    (void)take_byte(rest_p, ':');
    if (!take(rest_p, 2, 0, 59, &minutes)) {
        return false;
    }
    *minutes_out = sign * (hours * 60 + minutes);
    return true;
}

bool moment_parse(struct span text, uint64_t *unix_ms_out)
{
    struct tm tm = {.tm_isdst = -1};
    int offset = 0;
    time_t seconds = 0;

    *unix_ms_out = 0;
    if (!take_date(&text, &tm)) {
        return false;
    }
    if ((take_byte(&text, 'T') || take_byte(&text, ' ')) && !take_clock(&text, &tm)) {
        return false;
    }
    if (text.len == 0) {
        seconds = mktime(&tm);
    } else if (take_byte(&text, 'Z') || take_offset(&text, &offset)) {
        seconds = timegm(&tm) - (time_t)offset * 60;
    } else {
        return false;
    }
    *unix_ms_out = seconds > 0 ? (uint64_t)seconds * 1000 : 0;
    return text.len == 0 && seconds >= 0;
}
