#!/bin/sh
# Rule 1: http/ and guard/ do no I/O, read no clock and draw no randomness; these are arguments.
# A line with a comment that says why (/* house: the reason */), and a line that is a comment,
# are let through.
cd "$(dirname "$0")/../../proxy" || exit 2
calls='time|clock|clock_gettime|gettimeofday|clock_now_[a-z]+|rand|random|getrandom|getentropy'
calls="$calls|open|openat|fopen|socket|connect|printf|fprintf|getenv|setenv|usleep|nanosleep"
for layer in http guard; do
    [ -d $layer ] && grep -rnE --include='*.[ch]' "(^|[^a-zA-Z0-9_>.])($calls)\(" $layer
done |
    grep -vE '^[^:]+:[0-9]+: *(/?\*|//)|house:' |
    sed 's|$|    -> pass it in: this layer is pure|' | grep . && exit 1
exit 0
