# F91: clients that send a byte now and then, read nothing, or do nothing: each connection has a deadline, and others are served.
# PIN_HTTP_MS shortens the deadlines of the build with fault points.

load ../cli/server_helper

slow_clients() { "${PINSTRIPE%/pinstripe}/tests/slow-clients" "$port" "$@" 3>&- & slow=$!; }
stop_slow() { kill -9 "$slow"; wait "$slow" || true; } 2>/dev/null

@test "F91 a thousand connections that send a byte a second: others are served meanwhile" {
    view index "return 'x';"
    serve --without-bot
    slow_clients 1000 1000 'GET / HTTP/1.1' >"$TEST_FOLDER/slow"
    comes grep -q connected "$TEST_FOLDER/slow"
    for _ in {1..20}; do answers / 200 x; done
    kill -0 "$slow"
    stop_slow
    answers / 200 x
}

@test "F91 a head, a body and silence have their deadlines" {
    view index "return 'x';"
    PINSTRIPE=${PINSTRIPE%/pinstripe}/faults/pinstripe PIN_HTTP_MS=400 serve --without-bot
    for text in 'GET / HTTP/1.1' '' 'POST / HTTP/1.1
Host: localhost
Content-Length: 1000

'; do
        slow_clients 50 100 "$text" >"$TEST_FOLDER/slow"
        timeout 30 tail -s 0.02 --pid="$slow" -f /dev/null # it ends when all of its connections have been ended
        grep -q closed "$TEST_FOLDER/slow"
        answers / 200 x
    done
}

@test "F91 a client that does not read its answer is left" {
    view large "return 'x'.repeat(8e6);"
    view index "return 'x';"
    PINSTRIPE=${PINSTRIPE%/pinstripe}/faults/pinstripe PIN_HTTP_MS=400 serve --without-bot
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n' >&8
    logged 'GET /large 200'
    end=$((SECONDS + 20))
    until [ "$(awk -v port="$(printf ':%04X' "$port")" 'index($2, port) && $4 == "01"' /proc/net/tcp | wc -l)" -eq 0 ]; do
        [ $SECONDS -lt $end ] || { echo 'the connection is still there'; return 1; }
        sleep 0.05
    done
    exec 8>&-
    answers / 200 x
}
