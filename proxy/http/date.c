#include "http/date.h"

enum { DAY_S = 86400, YEAR_MIN = 1601 };

static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char WEEKDAYS[] = "ThuFriSatSunMonTueWed"; /* From 1 January 1970. */

/* What the tokens of a date have given so far; each part counts once. */
struct parts {
    bool has_time;
    bool has_day;
    bool has_month;
    bool has_year;
    unsigned time[3]; /* Hour, minute, second. */
    unsigned day;
    unsigned month; /* 1 to 12. */
    unsigned year;
};

/* Days since 1970 of a date of the Gregorian calendar, counted from 1 March of year 0. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2 ? 1 : 0;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_delimiter(uint8_t byte)
{
    return byte == '\t' || (byte >= 0x20 && byte <= 0x2f) ||
           (byte >= 0x3b && byte <= 0x40) || (byte >= 0x5b && byte <= 0x60) ||
           (byte >= 0x7b && byte <= 0x7e);
}

/* Takes `min` to `max` digits from the front; no further digit may follow. */
static bool take_number(struct span *text_p, size_t min, size_t max, unsigned *value_out)
{
    size_t count = 0;

    *value_out = 0;
    while (count < text_p->len && is_digit(text_p->ptr[count])) {
        if (count == max) {
            return false;
        }
        *value_out = *value_out * 10 + (unsigned)(text_p->ptr[count] - '0');
        count++;
    }
    *text_p = span_from(*text_p, count);
    return count >= min;
}

static bool take_time(struct span token, unsigned *time_out)
{
    for (size_t i = 0; i < 3; i++) {
        if (!take_number(&token, 1, 2, &time_out[i])) {
            return false;
        }
        if (i < 2 && !span_starts(token, SPAN(":"))) {
            return false;
        }
        token = span_from(token, 1);
    }
    return true;
}

static bool take_month(struct span token, unsigned *month_out)
{
    for (unsigned i = 0; token.len >= 3 && i < 12; i++) {
        struct span name = {.ptr = (const uint8_t *)MONTHS + (size_t)i * 3, .len = 3};
        if (span_equal_nocase(span_first(token, 3), name)) {
            *month_out = i + 1;
            return true;
        }
    }
    return false;
}

static unsigned full_year(unsigned year)
{
    if (year >= 70 && year <= 99) {
        return year + 1900;
    }
    return year <= 69 ? year + 2000 : year;
}

/* The order of the attempts is that of the RFC. */
static void take_token(struct parts *parts, struct span token)
{
    struct span rest = token;
    unsigned number = 0;

    if (!parts->has_time && take_time(token, parts->time)) {
        parts->has_time = true;
        return;
    }
    if (!parts->has_day && take_number(&rest, 1, 2, &number)) {
        parts->has_day = true;
        parts->day = number;
        return;
    }
    if (!parts->has_month && take_month(token, &parts->month)) {
        parts->has_month = true;
        return;
    }
    rest = token;
    if (!parts->has_year && take_number(&rest, 2, 4, &number)) {
        parts->has_year = true;
        parts->year = full_year(number);
    }
}

static bool parts_valid(const struct parts *parts)
{
    return parts->has_time && parts->has_day && parts->has_month && parts->has_year &&
           parts->day >= 1 && parts->day <= 31 && parts->year >= YEAR_MIN &&
           parts->time[0] <= 23 && parts->time[1] <= 59 && parts->time[2] <= 60;
}

bool date_parse(struct span text, int64_t *unix_s_out)
{
    struct parts parts = {0};
    size_t start = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && !is_delimiter(text.ptr[i])) {
            continue;
        }
        if (i > start) {
            take_token(&parts, span_first(span_from(text, start), i - start));
        }
        start = i + 1;
    }
    if (!parts_valid(&parts)) {
        return false;
    }
    *unix_s_out = days_of(parts.year, parts.month, parts.day) * DAY_S +
                  (int64_t)parts.time[0] * 3600 + (int64_t)parts.time[1] * 60 +
                  parts.time[2];
    return true;
}

static void put_number(char *text, unsigned value, size_t digits)
{
    while (digits > 0) {
        digits--;
        text[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

static int64_t clamp(int64_t unix_s)
{
    const int64_t first = days_of(1, 1, 1) * DAY_S;
    const int64_t last = days_of(10000, 1, 1) * DAY_S - 1;

    if (unix_s < first) {
        return first;
    }
    return unix_s > last ? last : unix_s;
}

/* The year, month and day of `days` since 1970. */
static void date_of(int64_t days, unsigned *year_out, unsigned *month_out,
                    unsigned *day_out)
{
    int64_t shifted = days + 719468; /* From 1 March of year 0; never negative here. */
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *day_out = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month_out =
        (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year_out = (unsigned)(year_of_era + era * 400 + (*month_out <= 2 ? 1 : 0));
}

void date_format(int64_t unix_s, char *text_out)
{
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;

    unix_s = clamp(unix_s);
    int64_t second = ((unix_s % DAY_S) + DAY_S) % DAY_S;
    int64_t days = (unix_s - second) / DAY_S;
    date_of(days, &year, &month, &day);

    memcpy(text_out, "xxx, 00 xxx 0000 00:00:00 GMT", DATE_LEN);
    memcpy(text_out, WEEKDAYS + ((days % 7 + 7) % 7) * 3, 3);
    put_number(text_out + 5, day, 2);
    memcpy(text_out + 8, MONTHS + (size_t)(month - 1) * 3, 3);
    put_number(text_out + 12, year, 4);
    put_number(text_out + 17, (unsigned)(second / 3600), 2);
    put_number(text_out + 20, (unsigned)(second / 60 % 60), 2);
    put_number(text_out + 23, (unsigned)(second % 60), 2);
}
