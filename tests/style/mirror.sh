#!/bin/sh
# Fails when a test has no module (tests/<layer>/test_x.c goes with proxy/<layer>/x.c, or .h where
# a module is only a header; test_x_aspect.c too), or fuzzing inputs belong to no target.
cd "$(dirname "$0")/../.." || exit 2
status=0
for layer in base net http guard sources relay record notify admin app; do
    for test in tests/"$layer"/test_*.c; do
        [ -e "$test" ] || continue
        module=$(basename "$test" .c)
        module=${module#test_}
        while [ ! -e "proxy/$layer/$module.c" ] && [ ! -e "proxy/$layer/$module.h" ]; do
            case $module in
            *_*) module=${module%_*} ;;
            *) echo "$test: there is no proxy/$layer/$module.c" && status=1 && break ;;
            esac
        done
    done
done
for inputs in tests/fuzz/corpus/* tests/fuzz/regression/*; do
    [ -e "$inputs" ] || continue
    target=tests/fuzz/$(basename "$inputs").c
    [ -e "$target" ] || { echo "$inputs: there is no $target" && status=1; }
done
exit $status
