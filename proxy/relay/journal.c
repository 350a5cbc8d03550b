#include "relay/journal.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the texts that `entry` borrows. */
static size_t text_size(const struct journal_entry *entry)
{
    size_t size = 0;

    for (unsigned i = 0; i < entry->more_count; i++) {
        size += entry->more[i].value.len + entry->more[i].marker_class.len;
    }
    return size;
}

size_t journal_entry_size(const struct journal_entry *entry)
{
    return sizeof(*entry) + entry->more_count * sizeof(*entry->more) + text_size(entry);
}

static struct span place(uint8_t **at_p, struct span text)
{
    struct span placed = {.ptr = *at_p, .len = text.len};

    if (text.len > 0) {
        memcpy(*at_p, text.ptr, text.len);
        *at_p += text.len;
    }
    return placed;
}

struct journal_entry *journal_entry_copy(const struct journal_entry *entry)
{
    struct journal_entry *copy = malloc(journal_entry_size(entry));
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, entry, sizeof(*entry));
    struct journal_subject *more = (struct journal_subject *)(copy + 1);
    uint8_t *at = (uint8_t *)(more + entry->more_count);
    for (unsigned i = 0; i < entry->more_count; i++) {
        more[i] = entry->more[i];
        more[i].value = place(&at, entry->more[i].value);
        more[i].marker_class = place(&at, entry->more[i].marker_class);
    }
    copy->more = entry->more_count > 0 ? more : NULL;
    return copy;
}

void journal_entry_about(struct journal_entry *entry,
                         const struct journal_subject *subject)
{
    (void)user_set(&entry->subject, subject->value);
    entry->marker_class[0] = '\0';
    (void)span_copy(subject->marker_class, entry->marker_class,
                    sizeof(entry->marker_class));
    entry->detector = subject->detector;
    entry->strong = subject->strong;
}
