# F90: request lines, headers and bodies that are too large get 414, 431, 413 and the connection ends; memory stays bounded.

load ../cli/server_helper

many() { head -c "$1" /dev/zero | tr '\0' "${2-a}"; }

@test "F90 too large a request line, header, number of headers and body" {
    view index "return 'x';"
    serve --without-bot
    refused 414 'a long line' "GET /$(many 20000) HTTP/1.1\r\nHost: localhost\r\n\r\n"
    refused 431 'a long header' "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: $(many 20000)\r\n\r\n"
    refused 431 'many headers' "GET / HTTP/1.1\r\nHost: localhost\r\n$(for i in {1..150}; do printf 'X-%d: 1\\r\\n' "$i"; done)\r\n"
    refused 413 'a large body, said' "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    refused 413 'a length beyond numbers' "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999999999\r\n\r\n"
    many 1100000 >"$TEST_FOLDER/large"
    ask / --data-binary "@$TEST_FOLDER/large" -H 'Transfer-Encoding: chunked' >/dev/null || true
    [ "$code" = 413 ]
    many 1000000 >"$TEST_FOLDER/fits"
    answers / 200 x --data-binary "@$TEST_FOLDER/fits"
}

@test "F90 as large as both heads may be: an answer, not an end without a word" {
    view head "return [200, { 'X-A': 'a'.repeat(6900) }, 'x'];"
    serve --without-bot
    for size in 4000 7500 7800; do
        answers /head 200 x -H "X-A: $(many $size)"
        answers /head 200 x -H "Cookie: a=$(many $size)"
        answers /head 200 x -H "X-A: $(many $size)" --data-binary "$(many 30000)"
    done
    ask /head -H "X-A: $(many 8300)" >/dev/null
    [ "$code" = 431 ]
}

@test "F90 ten thousand headers, a hundred times: memory is bounded, others are served" {
    view index "return 'x';"
    serve --without-bot
    answers / 200 x
    before=$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")
    text="GET / HTTP/1.1\r\nHost: localhost\r\n$(for i in {1..2000}; do printf 'X-%d: 1\\r\\n' "$i"; done)"
    for _ in {1..100}; do (raw "$text" 5) >/dev/null 2>&1 || true; done
    answers / 200 x
    after=$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")
    [ $((after - before)) -lt 4000 ] || { echo "it grew from $before to $after kB"; return 1; }
}

@test "F90 a hundred clients that take no answer of 8 MB: memory is bounded, small answers go on" {
    view big "return 'x'.repeat(8000000);"
    view index "return 'x';"
    serve --without-bot
    for fd in {20..119}; do
        eval "exec $fd<>/dev/tcp/127.0.0.1/$port"
        printf 'GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$fd"
        [ $((fd % 10)) -ne 9 ] || logged "GET /big" # not more than workers at once
    done
    logged 'GET /big 503' # as much as may be is held
    small_answers() { ask / >/dev/null && [ "$code" = 200 ]; } # the workers have written the large ones
    comes small_answers
    for fd in {20..119}; do eval "exec $fd<&-"; done
    given_back() { [ "$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")" -lt 50000 ]; }
    comes given_back
    peak=$(awk '/VmHWM/ { print $2 }' "/proc/$server/status")
    [ "$peak" -lt 500000 ] || { echo "$peak kB"; return 1; }
    ask /big >"$TEST_FOLDER/big"
    [ "$code" = 200 ]
}
