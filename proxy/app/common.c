#include "app/common.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "record/recorder_house.h"

enum {
    VERSION_OF_MEANING = 1, /* One more when a part means something else at equal size. */
    BASE_SIZE = 256 * 1024 * 1024,
    SESSION_SIZE = 4096, /* Of addresses; memory is what was touched. */
};

uint64_t common_layout(void)
{
    uint64_t layout = heap_layout(VERSION_OF_MEANING, sizeof(struct common_root));

    layout = registry_layout(layout);
    layout = takedown_layout(layout);
    layout = memo_layout(layout);
    layout = health_roll_layout(layout);
    layout = tls_tickets_layout(layout);
    return recorder_layout(layout);
}

static size_t size_for(const struct common_limits *limits)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = BASE_SIZE + (size_t)limits->session_max * SESSION_SIZE;
    return (size + page - 1) / page * page;
}

/* A place for the region that will be free in a successor too: far from where the system
 * puts programs, libraries and stacks, which is another place in each process. A wish:
 * the system may choose another one. */
static void *likely_free(void)
{
    static const uint64_t FIRST = UINT64_C(1) << 45;
    static const uint64_t STEP = 65536;
    static const uint64_t PLACES = UINT64_C(1) << 28;
    uint64_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random)) {
        return NULL;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where nothing is yet.
    return (void *)(uintptr_t)(FIRST + random % PLACES * STEP);
}

static bool map(struct common *self, void *at, int flags)
{
    void *region = mmap(at, self->size, PROT_READ | PROT_WRITE, flags, self->fd, 0);

    if (region == MAP_FAILED) {
        return false;
    }
    self->region = region;
    (void)madvise(region, self->size, MADV_DONTDUMP);
    return (flags & MAP_FIXED_NOREPLACE) == 0 || region == at;
}

/* Where the system lets nobody make a memfd the proxy serves all the same. */
static bool make_region(struct common *self)
{
    self->fd = memfd_create("countermark", MFD_CLOEXEC);
    if (self->fd >= 0 && ftruncate(self->fd, (off_t)self->size) == 0 &&
        map(self, likely_free(), MAP_SHARED | MAP_NORESERVE)) {
        return true;
    }
    if (self->fd >= 0) {
        (void)close(self->fd);
        self->fd = -1;
    }
    log_write(LOG_LEVEL_WARNING,
              "no memory that can be shared: the binary can be changed "
              "only with a restart");
    return map(self, NULL, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

static bool fill(struct common_root *root, struct heap *heap,
                 const struct common_limits *limits, uint64_t now_ms)
{
    const struct registry_limits registry_limits = {
        .heap = heap,
        .entry_count_max = limits->session_max,
        .idle_ms = limits->session_idle_ms,
    };

    root->limits = *limits;
    feature_table_init(&root->features, heap);
    root->registry = registry_new(&registry_limits);
    root->takedown = takedown_new(heap);
    root->rehearsal = takedown_new(heap);
    root->shown = memo_new(heap, limits->session_max, limits->session_idle_ms, false);
    root->aliases = memo_new(heap, limits->session_max, limits->alias_idle_ms, true);
    root->affinity = affinity_new(heap, limits->session_max);
    root->servers = health_roll_new(heap);
    root->tickets = tls_tickets_new(heap, now_ms);
    return root->registry != NULL && root->takedown != NULL && root->rehearsal != NULL &&
           root->shown != NULL && root->aliases != NULL && root->affinity != NULL &&
           root->servers != NULL && root->tickets != NULL;
}

bool common_make(struct common *self, const struct common_limits *limits, uint64_t now_ms)
{
    *self = (struct common){.fd = -1, .size = size_for(limits)};
    if (!make_region(self)) {
        return false;
    }
    struct heap *heap = heap_make(self->region, self->size);
    self->root = heap_alloc(heap, sizeof(*self->root));
    if (self->root == NULL || !fill(self->root, heap, limits, now_ms)) {
        common_leave(self);
        return false;
    }
    heap_set_root(heap, self->root);
    return true;
}

bool common_join(struct common *self, int fd, void *region, size_t size)
{
    *self = (struct common){.fd = fd, .size = size};
    bool mapped = map(self, region, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE);
    struct heap *heap = mapped ? heap_join(self->region, size) : NULL;

    self->root = heap != NULL ? heap_root(heap) : NULL;
    if (self->root == NULL) {
        common_leave(self);
        return false;
    }
    return true;
}

void common_leave(struct common *self)
{
    if (self->region != NULL) {
        (void)munmap(self->region, self->size);
        (void)close(self->fd);
    }
    *self = (struct common){0};
}
