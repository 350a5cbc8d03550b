#!/bin/sh
# Fails when a test has no module (tests/<layer>/test_x.c goes with proxy/<layer>/x.c, or .h where
# a module is only a header), or fuzzing inputs belong to no target.
cd "$(dirname "$0")/../.." || exit 2
status=0
for layer in base net http guard sources relay record notify admin app; do
    for test in tests/"$layer"/test_*.c; do
        [ -e "$test" ] || continue
        module=$(basename "$test" .c)
        module=proxy/$layer/${module#test_}
        [ -e "$module.c" ] || [ -e "$module.h" ] || { echo "$test: there is no $module.c" && status=1; }
    done
done
for inputs in tests/fuzz/corpus/* tests/fuzz/regression/*; do
    [ -e "$inputs" ] || continue
    target=tests/fuzz/$(basename "$inputs").c
    [ -e "$target" ] || { echo "$inputs: there is no $target" && status=1; }
done
exit $status
