#include "app/cover.h"

#include "http/path_pattern.h"

bool cover_route(const struct route *earlier, const struct route *later)
{
    if (earlier->path == NULL || later->path == NULL) {
        return false;
    }
    bool host = earlier->host == NULL ||
                (later->host != NULL &&
                 span_equal_nocase(span_of(earlier->host), span_of(later->host)));
    return host && path_pattern_covers(earlier->path, later->path);
}

const struct route *cover_find(const struct site *site, const struct route *route)
{
    for (size_t i = 0; i < site->route_count; i++) {
        if (cover_route(&site->routes[i], route)) {
            return &site->routes[i];
        }
    }
    return NULL;
}
