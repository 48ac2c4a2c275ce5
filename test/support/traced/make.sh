#!/usr/bin/env bash
# Makes the traces in test/unit/core/trace/traces anew (gcc with -m32, strace; x86_64). The tests read the traces that are
# in the repository: what strace prints differs from machine to machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../unit/core/trace/traces
rm -rf /tmp/t && mkdir -p /tmp/t && cd /tmp/t
gcc -pthread -o many "$here/many.c"
gcc -pthread -m32 -o many32 "$here/many.c"
gcc -pthread -m32 -DNO_UNKNOWN -o few32 "$here/many.c"
gcc -pthread -o execthread "$here/execthread.c"
gcc -o refused "$here/refused.c"
t() { env -i PATH="$PATH" strace "$@" < /dev/null; }

t -f -o "$out/plain.strace" ./many
t -f ./many 2> "$out/terminal.strace"
t -f sh -c './many32; ./many exec' 2> "$out/terminal-32-bit.strace"
t -f -o "$out/file-32-bit.strace" sh -c './many32; ./many exec'
t -ff -o /tmp/t/ff ./many && for f in /tmp/t/ff.*; do cat "$f"; done > /dev/null && cp "$(ls /tmp/t/ff.* | head -1)" "$out/one-process.strace"
t -f -n -tt -r -T -i -y -o "$out/decorated.strace" ./many
t -f -yy -Y -X verbose -v -o "$out/verbose.strace" ./many
t -f -t -k -o /tmp/t/stack.strace ./many && head -40 /tmp/t/stack.strace > "$out/stack.strace"
t -C -w -f -o "$out/both.strace" ./many
t -c -f -o "$out/tables.strace" sh -c './few32; ./many exec'
t -c -f -U name,calls,errors,time-percent -o "$out/columns.strace" ./many
t -f -o "$out/execthread.strace" ./execthread
sleep 1 & t -p $! -o "$out/attached.strace"
for action in 0x80000000 0x30000 0x50001; do t -o "$out/refused-$action.strace" ./refused $action || true; done
t -o "$out/trapped.strace" ./refused 0x30000 handled
